//! A unit under construction: instructions with labels, registers, constants, names and the handlers in force.
//!
//! The code generator appends; `flow` removes what is not needed; `assemble` makes a `CodeUnit` of it.

use crate::constant::{Key, key};
use crate::control::Block;
use crate::scope::ScopeId;
use indexmap::IndexSet;
use ruff_python_ast::name::Name;
use std::collections::{BTreeSet, HashMap};
use ungil_bytecode::{CONSUME_A, CONSUME_B, CONSUME_C, Const, Op, Position};

pub(crate) type Reg = u16;

/// A place in the code that jumps lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label(pub u32);

/// Index into [`Unit::handlers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HandlerId(pub u32);

/// Where exceptions of a protected range go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handler {
    pub target: Label,
    pub register: Reg,
}

/// A value that an instruction is to read: a temporary, which it consumes, or a local, which it reads in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Val {
    pub reg: Reg,
    pub temp: bool,
}

impl Val {
    pub fn temp(reg: Reg) -> Self {
        Self { reg, temp: true }
    }

    /// Read without consuming, whatever it is.
    pub fn keep(reg: Reg) -> Self {
        Self { reg, temp: false }
    }
}

/// An instruction before assembly.
#[derive(Clone, Debug)]
pub(crate) struct Ins {
    pub op: Op,
    pub flags: u8,
    pub a: u16,
    pub b: u16,
    pub c: u16,
    /// Target of its `J` or `L` operand.
    pub label: Option<Label>,
    /// The word behind the instruction: a name index or a constant index.
    pub extra: u32,
    pub pos: Position,
    /// Position of the words behind the first, if it is another.
    pub extra_pos: Option<Position>,
    pub handler: Option<HandlerId>,
    pub dead: bool,
}

pub(crate) struct Unit<'a> {
    pub scope: ScopeId,
    pub name: String,
    pub qualname: String,
    pub first_line: u32,
    pub flags: u32,
    pub arg_count: u32,
    pub positional_only_count: u32,
    pub keyword_only_count: u32,
    pub has_namespace: bool,
    pub local_names: Vec<String>,
    pub registers: HashMap<Name, Reg>,
    pub cell_registers: Vec<Reg>,
    pub free_names: IndexSet<Name>,
    pub names: IndexSet<Name>,
    pub consts: Vec<Const>,
    merged: HashMap<Key, u32>,
    pub code: Vec<Ins>,
    /// Index into `code` of each label; `u32::MAX` while it is not placed.
    pub labels: Vec<u32>,
    pub handlers: Vec<Handler>,
    pub handler: Option<HandlerId>,
    pub blocks: Vec<Block<'a>>,
    /// The inlined comprehensions that are being compiled, innermost last.
    pub inlined: Vec<ScopeId>,
    /// Registers of the variables of every inlined comprehension.
    pub inlined_registers: HashMap<ScopeId, HashMap<Name, Reg>>,
    pub next_temp: Reg,
    pub most_temps: Reg,
    pub pos: Position,
    pub static_attributes: BTreeSet<String>,
    /// Annotated assignments of a class or module that its annotate function is to evaluate.
    pub annotations: Vec<Annotated<'a>>,
    pub conditional_count: u32,
    /// Handlers of `async for` loops whose end is not compiled yet.
    pub async_ends: Vec<(Label, Label, Position)>,
    /// The body of an `async def`.
    pub is_async_def: bool,
    /// Too many registers or names for the instruction format.
    pub overflow: Option<&'static str>,
}

/// One annotated name of a class or module.
#[derive(Clone, Copy)]
pub(crate) struct Annotated<'a> {
    pub node: &'a ruff_python_ast::StmtAnnAssign,
    /// Its number in `__conditional_annotations__`.
    pub conditional: Option<u32>,
}

impl Unit<'_> {
    pub fn new(scope: ScopeId, name: String, qualname: String, first_line: u32) -> Self {
        Self {
            scope,
            name,
            qualname,
            first_line,
            flags: 0,
            arg_count: 0,
            positional_only_count: 0,
            keyword_only_count: 0,
            has_namespace: false,
            local_names: Vec::new(),
            registers: HashMap::new(),
            cell_registers: Vec::new(),
            free_names: IndexSet::new(),
            names: IndexSet::new(),
            consts: Vec::new(),
            merged: HashMap::new(),
            code: Vec::new(),
            labels: Vec::new(),
            handlers: Vec::new(),
            handler: None,
            blocks: Vec::new(),
            inlined: Vec::new(),
            inlined_registers: HashMap::new(),
            next_temp: 0,
            most_temps: 0,
            pos: Position::default(),
            static_attributes: BTreeSet::new(),
            annotations: Vec::new(),
            conditional_count: 0,
            async_ends: Vec::new(),
            is_async_def: false,
            overflow: None,
        }
    }

    pub fn name_index(&mut self, name: &Name) -> u16 {
        let index = self.names.insert_full(name.clone()).0;
        self.narrow(index, "too many names in one code block")
    }

    fn narrow(&mut self, index: usize, what: &'static str) -> u16 {
        u16::try_from(index).unwrap_or_else(|_| {
            self.overflow = Some(what);
            0
        })
    }

    /// Index of a constant; equal ones share it.
    pub fn constant(&mut self, constant: Const) -> u32 {
        let next = self.consts.len() as u32;
        if let Some(key) = key(&constant) {
            match self.merged.entry(key) {
                std::collections::hash_map::Entry::Occupied(found) => return *found.get(),
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(next);
                }
            }
        }
        self.consts.push(constant);
        next
    }

    /// A new register that holds a local under this name.
    pub fn new_local(&mut self, name: &Name) -> Reg {
        let index = self.local_names.len();
        self.local_names.push(name.to_string());
        self.narrow(index, "too many local variables in one code block")
    }

    /// The next temporary.
    pub fn push(&mut self) -> Reg {
        self.push_many(1)
    }

    /// The next `count` temporaries; the first is returned.
    pub fn push_many(&mut self, count: usize) -> Reg {
        let first = self.next_temp;
        match u16::try_from(first as usize + count) {
            Ok(next) if next < u16::MAX => self.next_temp = next,
            _ => {
                self.overflow = Some("maximum recursion depth exceeded during compilation");
                // The unit is refused when it is finished; until then its register numbers must only not overflow.
                self.next_temp = 0;
            }
        }
        self.most_temps = self.most_temps.max(self.next_temp);
        first
    }

    pub fn is_temp(&self, reg: Reg) -> bool {
        reg as usize >= self.local_names.len()
    }

    pub fn label(&mut self) -> Label {
        self.labels.push(u32::MAX);
        Label(self.labels.len() as u32 - 1)
    }

    /// Puts the label behind the last instruction.
    pub fn place(&mut self, label: Label) {
        self.labels[label.0 as usize] = self.code.len() as u32;
    }

    pub fn here(&mut self) -> Label {
        let label = self.label();
        self.place(label);
        label
    }

    /// A handler whose code starts at a label that is yet to be placed.
    pub fn new_handler(&mut self, register: Reg) -> (HandlerId, Label) {
        let target = self.label();
        self.handlers.push(Handler { target, register });
        (HandlerId(self.handlers.len() as u32 - 1), target)
    }

    fn ins(&mut self, op: Op, flags: u8, a: u16, b: u16, c: u16) -> &mut Ins {
        let (pos, handler) = (self.pos, self.handler);
        self.code.push(Ins {
            op,
            flags,
            a,
            b,
            c,
            label: None,
            extra: 0,
            pos,
            extra_pos: None,
            handler,
            dead: false,
        });
        self.code.last_mut().expect("just pushed")
    }

    /// An instruction of which no field is consumed.
    pub fn emit(&mut self, op: Op, a: u16, b: u16, c: u16) {
        self.ins(op, 0, a, b, c);
    }

    /// `a = op(b)`, with `c` as it is.
    pub fn emit_b(&mut self, op: Op, a: Reg, b: Val, c: u16) {
        let flags = if b.temp { CONSUME_B } else { 0 };
        self.ins(op, flags, a, b.reg, c);
    }

    /// A `Yield` of `b`; `a` is what is sent back. It says how many registers are to be kept meanwhile: those in use.
    pub fn emit_suspension(&mut self, flags: u8, a: Reg, b: Val) {
        // The topmost one is often the value that is given away.
        let kept = if b.temp && b.reg + 1 == self.next_temp { b.reg } else { self.next_temp };
        self.emit_b(Op::Yield, a, b, kept);
        self.code.last_mut().expect("just pushed").flags |= flags;
    }

    /// `a = op(b, c)`.
    pub fn emit_bc(&mut self, op: Op, a: Reg, b: Val, c: Val) {
        let flags = if b.temp { CONSUME_B } else { 0 } | if c.temp { CONSUME_C } else { 0 };
        self.ins(op, flags, a, b.reg, c.reg);
    }

    /// `op(a)`, with `b` and `c` as they are.
    pub fn emit_a(&mut self, op: Op, a: Val, b: u16, c: u16) {
        let flags = if a.temp { CONSUME_A } else { 0 };
        self.ins(op, flags, a.reg, b, c);
    }

    /// `op(a, b)`, with `c` as it is.
    pub fn emit_ab(&mut self, op: Op, a: Val, b: Val, c: u16) {
        let flags = if a.temp { CONSUME_A } else { 0 } | if b.temp { CONSUME_B } else { 0 };
        self.ins(op, flags, a.reg, b.reg, c);
    }

    /// `op(a, b, c)`.
    pub fn emit_abc(&mut self, op: Op, a: Val, b: Val, c: Val) -> &mut Ins {
        let flags = if a.temp { CONSUME_A } else { 0 }
            | if b.temp { CONSUME_B } else { 0 }
            | if c.temp { CONSUME_C } else { 0 };
        self.ins(op, flags, a.reg, b.reg, c.reg)
    }

    /// A jump without operands.
    pub fn jump(&mut self, op: Op, label: Label) {
        self.ins(op, 0, 0, 0, 0).label = Some(label);
    }

    /// A jump that tests `a`.
    pub fn jump_a(&mut self, op: Op, a: Val, label: Label) {
        let flags = if a.temp { CONSUME_A } else { 0 };
        self.ins(op, flags, a.reg, 0, 0).label = Some(label);
    }

    /// A jump that compares `a` and `b`.
    pub fn jump_ab(&mut self, op: Op, a: Val, b: Val, label: Label) {
        let flags = if a.temp { CONSUME_A } else { 0 } | if b.temp { CONSUME_B } else { 0 };
        self.ins(op, flags, a.reg, b.reg, 0).label = Some(label);
    }

    /// A jump that compares `a` with an immediate.
    pub fn jump_imm(&mut self, op: Op, a: Val, immediate: i16, label: Label) {
        let flags = if a.temp { CONSUME_A } else { 0 };
        self.ins(op, flags, a.reg, immediate as u16, 0).label = Some(label);
    }

    /// An instruction with a jump as its last field, all others given.
    pub fn emit_jump(&mut self, op: Op, flags: u8, a: u16, b: u16, label: Label) {
        self.ins(op, flags, a, b, 0).label = Some(label);
    }

    /// An instruction with a word behind it.
    pub fn emit_extra(&mut self, op: Op, a: u16, b: u16, c: u16, extra: u32) -> &mut Ins {
        let ins = self.ins(op, 0, a, b, c);
        ins.extra = extra;
        ins
    }

    /// An instruction whose fields `b` and `c` hold one 32-bit operand.
    pub fn emit_wide(&mut self, op: Op, a: u16, wide: i32) {
        self.ins(op, 0, a, wide as u16, (wide >> 16) as u16);
    }

    /// `op(a)`, with a number in the other two fields.
    pub fn emit_a_wide(&mut self, op: Op, a: Val, wide: i32) {
        self.emit_a(op, a, wide as u16, (wide >> 16) as u16);
    }

    pub fn move_to(&mut self, dst: Reg, src: Val) {
        if dst != src.reg {
            self.emit_b(Op::Move, dst, src, 0);
        }
    }

    pub fn drop_reg(&mut self, reg: Reg) {
        self.emit(Op::Drop, reg, 0, 0);
    }

    /// `dst = constant`, in the shortest form.
    pub fn load_const(&mut self, dst: Reg, constant: Const) {
        match constant {
            Const::None => self.emit(Op::LoadNone, dst, 0, 0),
            Const::True => self.emit(Op::LoadTrue, dst, 0, 0),
            Const::False => self.emit(Op::LoadFalse, dst, 0, 0),
            Const::Ellipsis => self.emit(Op::LoadEllipsis, dst, 0, 0),
            Const::Int(n) if i32::try_from(n).is_ok() => self.emit_wide(Op::LoadInt, dst, n as i32),
            other => {
                let index = self.constant(other);
                self.emit_wide(Op::LoadConst, dst, index as i32);
            }
        }
    }
}
