//! Globals, namespaces, cells, imports.

use super::{operand, take, take_temp};
use crate::interp::frame::Frame;
use crate::interp::{cache, unwind};
use crate::objects::cell::{self, PyCell};
use crate::objects::dict::PyDict;
use crate::objects::exception::set_name;
use crate::prelude::*;

unsafe fn name_of<'a>(regs: *mut Value, index: usize) -> Ref<'a> {
    Frame(regs).code().running().names[index].get()
}

fn name_error(cx: &mut Cx, name: Ref<'_>) -> Err {
    let text = cx.text_of(name);
    let err = cx.error(Builtin::NameError, &format!("name '{text}' is not defined"));
    set_name(cx, &err, name);
    err
}

fn unbound(cx: &mut Cx, name: Ref<'_>) -> Err {
    let text = cx.text_of(name);
    // A variable of a generator expression that runs in its caller.
    let text = text.trim_start_matches('.');
    let message = format!("cannot access local variable '{text}' where it is not associated with a value");
    cx.error(Builtin::UnboundLocalError, &message)
}

fn unbound_free_error(cx: &mut Cx, name: Ref<'_>) -> Err {
    let text = cx.text_of(name);
    let message = format!(
        "cannot access free variable '{text}' where it is not associated with a value in enclosing scope"
    );
    let err = cx.error(Builtin::NameError, &message);
    set_name(cx, &err, name);
    err
}

/// A handler that only raises.
macro_rules! raising {
    ($name:ident, |$word:ident, $regs:ident, $cx:ident| $err:expr) => {
        slow_path! {
            pub fn $name(ip, $regs, cx, t) {
                enter!(ip, $regs, cx);
                let $word = *ip;
                let err = {
                    let $cx: &mut Cx = &mut *cx;
                    $err
                };
                unwind::raise(ip, $regs, cx, t, err)
            }
        }
    };
}

raising!(unbound_local, |word, regs, cx| {
    let name = Frame(regs).code().local_names(cx)[fa!(word)].get();
    unbound(cx, name)
});
raising!(unbound_cell, |word, regs, cx| {
    let name = Frame(regs).code().local_names(cx)[fb!(word)].get();
    unbound(cx, name)
});
raising!(unbound_free, |word, regs, cx| {
    let name = Frame(regs).code().free_names[fb!(word)].get();
    unbound_free_error(cx, name)
});

slow_unit! {
    pub fn delete_local(word, regs, cx) {
        match take_temp(regs, fa!(word)) {
            Some(old) => {
                drop(old);
                Ok(())
            }
            None => {
                let name = Frame(regs).code().local_names(cx)[fa!(word)].get();
                Err(unbound(cx, name))
            }
        }
    }
}

/// A global or builtin of the frame's function.
unsafe fn find_global(cx: &mut Cx, regs: *mut Value, name: Ref<'_>) -> R {
    let function = Frame(regs).function();
    let globals = function.globals_unchecked();
    let exact = cx.is_exactly(ref_of(globals), Builtin::Dict);
    let found = match exact {
        true => globals.get_str(cx, name),
        false => cx.get_item_opt(ref_of(globals), name)?,
    };
    if let Some(v) = found {
        return Ok(v);
    }
    let builtins = function.builtins_unchecked();
    let found = match cx.is_exactly(ref_of(builtins), Builtin::Dict) {
        true => builtins.get_str(cx, name),
        false => cx.get_item_opt(ref_of(builtins), name)?,
    };
    match found {
        Some(v) => Ok(v),
        None => Err(name_error(cx, name)),
    }
}

slow_path! {
    pub fn load_global(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let name = name_of(regs, fb!(word));
        let result = find_global(&mut *cx, regs, name);
        if let Ok(found) = &result {
            cache::keep_hub(&*cx, found.r());
            let function = Frame(regs).function();
            let dicts = [function.globals_unchecked(), function.builtins_unchecked()];
            if dicts.iter().all(|dict| (*cx).is_exactly(ref_of(*dict), Builtin::Dict)) {
                cache::fill_global(&*cx, ip, function.globals_unchecked(), function.builtins_unchecked(), name);
            }
        }
        done!(ip, regs, cx, t, result)
    }
}

slow_path! {
    pub fn store_global(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let result = set_global(&mut *cx, ip, regs);
        done_unit!(ip, regs, cx, t, result)
    }
}

/// Sets a global, and fills the cache of the instruction if it was there before.
unsafe fn set_global(cx: &mut Cx, ip: *const u64, regs: *mut Value) -> R<()> {
    let word = *ip;
    let name = name_of(regs, fb!(word));
    let value = take(word, 0x100, regs, fa!(word), cx);
    let globals = Frame(regs).function().globals_unchecked();
    if !cx.is_exactly(ref_of(globals), Builtin::Dict) {
        return cx.set_item(ref_of(globals), name, value.r());
    }
    if let Some(index) = globals.entry_index_str(cx, name).filter(|&i| i < 1 << 24) {
        let id = globals.ensure_keys_id(cx);
        if id != 0 {
            cache::store(ip.add(1), cache::word(id, cache::GLOBAL, index));
        }
    }
    globals.set_str(cx, name, value);
    Ok(())
}

slow_unit! {
    pub fn delete_global(word, regs, cx) {
        let name = name_of(regs, fb!(word));
        match Frame(regs).function().globals_unchecked().remove_str(cx, name) {
            Some(_) => Ok(()),
            None => Err(name_error(cx, name)),
        }
    }
}

slow_handler! {
    pub fn load_name(word, regs, cx) {
        let name = name_of(regs, fb!(word));
        match cx.get_item_opt(operand(regs, 0), name)? {
            Some(v) => Ok(v),
            None => find_global(cx, regs, name),
        }
    }
}

slow_unit! {
    pub fn store_in_namespace(word, regs, cx) {
        let name = name_of(regs, fb!(word));
        cx.set_item(operand(regs, 0), name, operand(regs, fa!(word)))
    }
}

slow_unit! {
    pub fn delete_name(word, regs, cx) {
        let name = name_of(regs, fb!(word));
        if operand(regs, 0).value().is_none() {
            return match Frame(regs).function().globals_unchecked().remove_str(cx, name) {
                Some(_) => Ok(()),
                None => Err(name_error(cx, name)),
            };
        }
        let result = cx.del_item(operand(regs, 0), name);
        match cx.catch(result, Builtin::KeyError)? {
            Some(()) => Ok(()),
            None => Err(name_error(cx, name)),
        }
    }
}

slow_handler! {
    pub fn load_from_dict_or_globals(word, regs, cx) {
        let name = name_of(regs, fb!(word));
        match cx.get_item_opt(operand(regs, fc!(word)), name)? {
            Some(v) => Ok(v),
            None => find_global(cx, regs, name),
        }
    }
}

slow_handler! {
    pub fn load_from_dict_or_free(word, regs, cx) {
        let frame = Frame(regs);
        let name = frame.code().free_names[fb!(word)].get();
        if let Some(v) = cx.get_item_opt(operand(regs, fc!(word)), name)? {
            return Ok(v);
        }
        match frame.function().free_cell(fb!(word)).get(cx) {
            Some(v) => Ok(v),
            None => Err(unbound_free_error(cx, name)),
        }
    }
}

slow_handler! {
    pub fn load_from_dict_or_cell(word, regs, cx) {
        let name = Frame(regs).code().local_names(cx)[fb!(word)].get();
        if let Some(v) = cx.get_item_opt(operand(regs, fc!(word)), name)? {
            return Ok(v);
        }
        match operand(regs, fb!(word)).cast_unchecked::<PyCell>().get(cx) {
            Some(v) => Ok(v),
            None => Err(unbound(cx, name)),
        }
    }
}

slow_unit! {
    pub fn make_cell(word, regs, cx) {
        let contents = take_temp(regs, fa!(word));
        *regs.add(fa!(word)) = cell::new_cell(cx, contents).into_value();
        Ok(())
    }
}

slow_unit! {
    pub fn delete_cell(word, regs, cx) {
        let cell = operand(regs, fa!(word)).cast_unchecked::<PyCell>();
        if cell.get(cx).is_none() {
            let name = Frame(regs).code().local_names(cx)[fa!(word)].get();
            return Err(unbound(cx, name));
        }
        cell.set(cx, None);
        Ok(())
    }
}

slow_unit! {
    pub fn delete_free(word, regs, cx) {
        let frame = Frame(regs);
        let cell = frame.function().free_cell(fb!(word));
        if cell.get(cx).is_none() {
            let name = frame.code().free_names[fb!(word)].get();
            return Err(unbound_free_error(cx, name));
        }
        cell.set(cx, None);
        Ok(())
    }
}

slow_handler! {
    pub fn load_free_cell(word, regs, cx) {
        Ok(ref_of(Frame(regs).function().free_cell(fb!(word))).own(cx))
    }
}

/// The namespace of a module or class body as an object.
unsafe fn namespace(cx: &Cx, regs: *mut Value) -> Obj {
    let own = operand(regs, 0);
    match own.value().is_none() {
        true => ref_of(Frame(regs).function().globals_unchecked()).own(cx),
        false => own.own(cx),
    }
}

slow_handler! { pub fn load_locals(_word, regs, cx) { Ok(namespace(cx, regs)) } }

slow_unit! {
    pub fn setup_annotations(_word, regs, cx) {
        let namespace = namespace(cx, regs);
        let name = cx.vm.names.annotations.get();
        if cx.get_item_opt(namespace.r(), name)?.is_none() {
            let dict = PyDict::new(cx);
            cx.set_item(namespace.r(), name, dict.r())?;
        }
        Ok(())
    }
}

/// A name of the builtins of the frame's function.
unsafe fn builtin_named(cx: &mut Cx, regs: *mut Value, name: Ref<'_>) -> Option<Obj> {
    Frame(regs).function().builtins_unchecked().get_str(cx, name)
}

slow_handler! {
    pub fn load_build_class(_word, regs, cx) {
        match builtin_named(cx, regs, cx.vm.names.build_class.get()) {
            Some(f) => Ok(f),
            None => Err(cx.error(Builtin::NameError, "__build_class__ not found")),
        }
    }
}

slow_handler! {
    pub fn import_name(word, regs, cx) {
        let level = take_temp(regs, fb!(word)).unwrap_or_else(|| cx.int(0));
        let from_list = take_temp(regs, fb!(word) + 1).unwrap_or_else(|| cx.none());
        let name = name_of(regs, fc!(word));
        let function = Frame(regs).function();
        let globals = ref_of(function.globals_unchecked()).own(cx);
        let Some(import) = builtin_named(cx, regs, cx.vm.names.import.get()) else {
            return Err(cx.error(Builtin::ImportError, "__import__ not found"));
        };
        if crate::import::is_standard(cx, import.r()) {
            return crate::import::import_name(cx, name, globals.r(), from_list.r(), level.r());
        }
        // Only module and class bodies have locals to show.
        let locals = match Frame(regs).code().head.has_namespace {
            true => namespace(cx, regs),
            false => cx.none(),
        };
        cx.call(import.r(), &[name, globals.r(), locals.r(), from_list.r(), level.r()])
    }
}

slow_handler! {
    pub fn import_from(word, regs, cx) {
        crate::import::import_from(cx, operand(regs, fb!(word)), name_of(regs, fc!(word)))
    }
}

slow_unit! {
    pub fn import_star(word, regs, cx) {
        let namespace = namespace(cx, regs);
        crate::import::import_star(cx, operand(regs, fa!(word)), namespace.r())
    }
}

slow_unit! {
    pub fn print_expr(word, regs, cx) {
        let hook = cx.sys_dict().get_str(cx, cx.vm.names.displayhook.get());
        let Some(hook) = hook else { return Err(cx.runtime_error("lost sys.displayhook")) };
        cx.call(hook.r(), &[operand(regs, fa!(word))]).map(drop)
    }
}
