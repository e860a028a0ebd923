//! Second pass over the symbol tables: decides where each name lives (local, cell, free, global).
//!
//! Follows the rules of `analyze_block` in CPython's Python/symtable.c. Called once per source by `scope::analyze`.

use crate::errors::{Fault, Res};
use crate::scope::{Kind, Place, ScopeId, Scopes, Symbol, def};
use ruff_python_ast::name::Name;
use std::collections::HashSet;
use std::rc::Rc;

type Names = HashSet<Name>;

/// What a scope sees of the scopes around it.
#[derive(Clone, Default)]
struct Around {
    /// Bound in an enclosing function; `None` at module level.
    bound: Option<Rc<Names>>,
    /// Declared global in an enclosing function.
    global: Rc<Names>,
    type_params: Rc<Names>,
    /// The class that an annotation scope looks into.
    class: Option<ScopeId>,
}

pub(crate) fn resolve(scopes: &mut Scopes) -> Res {
    // A global declaration anywhere makes the module's own uses of the name global ones too: with `exec`, the module's
    // namespace may be another dict than its globals.
    let declared: Vec<Name> = scopes
        .all
        .iter()
        .flat_map(|scope| scope.symbols.iter().filter(|(_, symbol)| symbol.flags & def::GLOBAL != 0))
        .map(|(name, _)| name.clone())
        .collect();
    for name in declared {
        if let Some(symbol) = scopes.all[0].symbols.get_mut(&name) {
            symbol.flags |= def::GLOBAL;
        }
    }
    block(scopes, 0, &Around::default()).map(|_| ())
}

/// Resolves a scope and those inside it; returns the names free in it.
fn block(scopes: &mut Scopes, id: ScopeId, around: &Around) -> Res<Names> {
    stacker::maybe_grow(64 << 10, 1 << 20, || block_inner(scopes, id, around))
}

fn block_inner(scopes: &mut Scopes, id: ScopeId, around: &Around) -> Res<Names> {
    let mut free = Names::new();
    let (local, inner) = own_names(scopes, id, around, &mut free)?;
    let mut child_free = Names::new();
    for child in scopes.all[id].children.clone() {
        let mut seen = inner.clone();
        let child_kind = scopes.all[child].kind;
        if child_kind.is_annotation_like() && scopes.all[id].kind == Kind::Class {
            seen.class = Some(id);
        } else if (child_kind.is_annotation_like() || child_kind == Kind::Comprehension)
            && scopes.all[id].sees_class
        {
            seen.class = around.class;
        } else {
            seen.class = None;
        }
        let mut inside = block(scopes, child, &seen)?;
        if scopes.all[child].kind == Kind::Comprehension {
            merge_comprehension(scopes, id, child, &mut inside);
        }
        child_free.extend(inside);
    }
    settle_free(scopes, id, &local, &mut child_free);
    add_free(scopes, id, around, &child_free);
    free.extend(child_free);
    Ok(free)
}

/// Places the names that the scope itself mentions; returns its locals and what the scopes inside see.
fn own_names(scopes: &mut Scopes, id: ScopeId, around: &Around, free: &mut Names) -> Res<(Names, Around)> {
    let kind = scopes.all[id].kind;
    let mut local = Names::new();
    let mut bound = around.bound.as_deref().cloned();
    let mut global = (*around.global).clone();
    let mut type_params = (*around.type_params).clone();
    let mut own_type_params = Names::new();
    for at in 0..scopes.all[id].symbols.len() {
        let (name, symbol) =
            scopes.all[id].symbols.get_index(at).map(|(n, s)| (n.clone(), s.clone())).expect("index");
        let class_flags = around.class.map_or(0, |class| scopes.all[class].flags(&name));
        let place = place_of(&name, &symbol, around, bound.as_ref(), &type_params, class_flags)?;
        match place {
            Place::GlobalExplicit if symbol.flags & def::GLOBAL != 0 => {
                global.insert(name.clone());
                if let Some(bound) = &mut bound {
                    bound.remove(&name);
                }
            }
            Place::Local => {
                local.insert(name.clone());
                global.remove(&name);
                if symbol.flags & def::TYPE_PARAM != 0 {
                    own_type_params.insert(name.clone());
                } else {
                    type_params.remove(&name);
                }
            }
            Place::Free => {
                free.insert(name.clone());
            }
            _ => {}
        }
        scopes.all[id].symbols[at].place = place;
    }
    type_params.extend(own_type_params);
    let inner = match kind {
        // Names bound in a class body are invisible inside its functions, and so are its `global` declarations.
        Kind::Class => {
            let mut seen = around.bound.as_deref().cloned().unwrap_or_default();
            for name in ["__class__", "__classdict__", "__conditional_annotations__"] {
                seen.insert(Name::from(name));
            }
            Around { bound: Some(Rc::new(seen)), global: around.global.clone(), ..Around::default() }
        }
        Kind::Module => Around { bound: Some(Rc::default()), global: Rc::new(global), ..Around::default() },
        _ => {
            let mut seen = bound.unwrap_or_default();
            seen.extend(local.iter().cloned());
            Around { bound: Some(Rc::new(seen)), global: Rc::new(global), ..Around::default() }
        }
    };
    Ok((local, Around { type_params: Rc::new(type_params), ..inner }))
}

fn place_of(
    name: &Name,
    symbol: &Symbol,
    around: &Around,
    bound: Option<&Names>,
    type_params: &Names,
    class_flags: u16,
) -> Res<Place> {
    let is_bound = bound.is_some_and(|names| names.contains(name));
    if symbol.flags & def::GLOBAL != 0 {
        if symbol.flags & def::NONLOCAL != 0 {
            return Err(Fault::syntax(format!("name '{name}' is nonlocal and global"), symbol.range));
        }
        return Ok(Place::GlobalExplicit);
    }
    if symbol.flags & def::NONLOCAL != 0 {
        if around.bound.is_none() {
            return Err(Fault::syntax("nonlocal declaration not allowed at module level", symbol.range));
        }
        if !is_bound {
            return Err(Fault::syntax(format!("no binding for nonlocal '{name}' found"), symbol.range));
        }
        if type_params.contains(name) {
            let what = format!("nonlocal binding not allowed for type parameter '{name}'");
            return Err(Fault::syntax(what, symbol.range));
        }
        return Ok(Place::Free);
    }
    if symbol.flags & def::BOUND != 0 {
        return Ok(Place::Local);
    }
    if class_flags & def::GLOBAL != 0 {
        return Ok(Place::GlobalExplicit);
    }
    if class_flags & def::BOUND != 0 && class_flags & def::NONLOCAL == 0 {
        return Ok(Place::GlobalImplicit);
    }
    if is_bound {
        return Ok(Place::Free);
    }
    Ok(Place::GlobalImplicit)
}

/// A comprehension runs in the frame around it, so what is local there needs no cell on its account.
fn merge_comprehension(scopes: &mut Scopes, id: ScopeId, child: ScopeId, free: &mut Names) {
    let kind = scopes.all[id].kind;
    for (name, symbol) in scopes.all[child].symbols.clone() {
        if symbol.flags & def::PARAM != 0 || matches!(symbol.place, Place::Local | Place::Cell) {
            continue;
        }
        let existing = scopes.all[id].flags(&name);
        if !scopes.all[id].symbols.contains_key(&name) {
            if kind != Kind::Class {
                let symbol = Symbol { flags: def::USE, ..symbol };
                scopes.all[id].symbols.insert(name, symbol);
            }
        } else if existing & def::BOUND != 0 && kind != Kind::Class && !free_in_child(scopes, child, &name) {
            free.remove(&name);
        }
    }
}

fn free_in_child(scopes: &Scopes, id: ScopeId, name: &Name) -> bool {
    scopes.all[id].children.iter().any(|&child| {
        if scopes.all[child].kind == Kind::Comprehension {
            free_in_child(scopes, child, name)
        } else {
            scopes.all[child].place(name) == Some(Place::Free)
        }
    })
}

/// Locals that are free in a scope inside become cells; a class drops the names that it provides itself.
fn settle_free(scopes: &mut Scopes, id: ScopeId, local: &Names, free: &mut Names) {
    let scope = &mut scopes.all[id];
    if scope.kind.is_function_like() {
        for name in local {
            if free.remove(name) {
                scope.symbols[name].place = Place::Cell;
            }
        }
    } else if scope.kind == Kind::Class {
        scope.needs_class_cell |= free.remove("__class__");
        scope.needs_class_dict |= free.remove("__classdict__");
        if free.remove("__conditional_annotations__") {
            scope.conditional_annotations = true;
            scope.needs_conditional_cell = true;
        }
    }
}

/// Makes what is free in the scopes inside free in this one too.
fn add_free(scopes: &mut Scopes, id: ScopeId, around: &Around, free: &Names) {
    let mut names: Vec<&Name> = free.iter().collect();
    names.sort();
    let scope = &mut scopes.all[id];
    for name in names {
        match scope.symbols.get_mut(name) {
            Some(symbol) if scope.kind == Kind::Class && symbol.flags & (def::BOUND | def::GLOBAL) != 0 => {
                symbol.flags |= def::FREE_CLASS;
            }
            Some(_) => {}
            None if around.bound.as_ref().is_some_and(|bound| bound.contains(name)) => {
                let symbol = Symbol { flags: 0, place: Place::Free, range: Default::default() };
                scope.symbols.insert(name.clone(), symbol);
            }
            None => {}
        }
    }
}
