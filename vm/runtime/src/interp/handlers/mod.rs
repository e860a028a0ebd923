//! The handlers: the fast path of every instruction, and the table that dispatch goes through.
//!
//! A fast path touches registers, immediates and cached slots only. Whatever may allocate much, run Python or fail is
//! handed over in tail position to `slow/`.

// Every function here is a handler, whose contract `interp/mod.rs` states once for all of them.
#![allow(unsafe_op_in_unsafe_fn, clippy::missing_safety_doc)]

mod arith;
mod attr;
mod call;
mod compare;
mod item;
mod iterate;
mod moves;

pub(crate) use call::push_simple;
pub(crate) use moves::{drop_then, resume_at};

use super::slow;
use super::{Exit, Handler, Table};
use crate::{Cx, Value};
use ungil_bytecode::Op;

/// Reached only through a defect: the verifier admits no such opcode.
unsafe fn invalid(_ip: *const u64, _regs: *mut Value, _cx: *mut Cx, _t: *const Table) -> Exit {
    ungil_gc::fatal("invalid opcode")
}

/// The dispatch table.
pub static TABLE: Table = Table(build());

const fn build() -> [Handler; 256] {
    let mut t: [Handler; 256] = [invalid; 256];
    macro_rules! ops {
        ($($op:ident => $f:expr,)*) => { $( t[Op::$op as usize] = $f; )* };
    }
    ops! {
        Nop => moves::nop, Move => moves::move_, LoadConst => moves::load_const, LoadInt => moves::load_int,
        LoadNone => moves::load_none, LoadTrue => moves::load_true, LoadFalse => moves::load_false,
        LoadEllipsis => moves::load_ellipsis, Drop => moves::drop_, DeleteLocal => slow::names::delete_local,
        CheckBound => moves::check_bound,
        LoadGlobal => moves::load_global, StoreGlobal => moves::store_global, DeleteGlobal => slow::names::delete_global,
        LoadName => moves::load_name, StoreName => slow::names::store_name, DeleteName => slow::names::delete_name,
        LoadFromDictOrGlobals => slow::names::load_from_dict_or_globals,
        LoadFromDictOrFree => slow::names::load_from_dict_or_free,
        LoadFromDictOrCell => slow::names::load_from_dict_or_cell,
        MakeCell => slow::names::make_cell, LoadCell => moves::load_cell, StoreCell => moves::store_cell,
        DeleteCell => slow::names::delete_cell, LoadFree => moves::load_free, StoreFree => moves::store_free,
        DeleteFree => slow::names::delete_free, LoadFreeCell => slow::names::load_free_cell,
        LoadLocals => slow::names::load_locals,

        LoadAttr => attr::load_attr, StoreAttr => attr::store_attr, DeleteAttr => slow::attr::delete_attr,
        LoadSuperAttr => slow::attr::load_super_attr, GetItem => item::get_item, GetItemImm => item::get_item_imm,
        SetItem => item::set_item, DelItem => slow::attr::del_item, BuildSlice => slow::build::build_slice,
        GetSlice => slow::attr::get_slice, SetSlice => slow::attr::set_slice,

        Add => arith::add, Sub => arith::sub, Mul => arith::mul, TrueDiv => arith::true_div,
        FloorDiv => arith::floor_div, Mod => arith::modulo, Pow => slow::arith::binary, MatMul => slow::arith::binary,
        Shl => arith::shl, Shr => arith::shr, And => arith::and, Or => arith::or, Xor => arith::xor,
        IAdd => arith::add, ISub => arith::sub, IMul => arith::mul, ITrueDiv => arith::true_div,
        IFloorDiv => arith::floor_div, IMod => arith::modulo, IPow => slow::arith::binary,
        IMatMul => slow::arith::binary, IShl => arith::shl, IShr => arith::shr, IAnd => arith::and, IOr => arith::or,
        IXor => arith::xor,
        AddImm => arith::add_imm, SubImm => arith::sub_imm, MulImm => arith::mul_imm,
        FloorDivImm => arith::floor_div_imm, ModImm => arith::mod_imm, ShlImm => arith::shl_imm,
        ShrImm => arith::shr_imm, AndImm => arith::and_imm, IAddImm => arith::add_imm, ISubImm => arith::sub_imm,
        Neg => arith::neg, Pos => slow::arith::unary, Invert => slow::arith::unary, Not => arith::not,
        ToBool => arith::to_bool,

        Lt => compare::lt, Le => compare::le, Eq => compare::eq, Ne => compare::ne, Gt => compare::gt,
        Ge => compare::ge, Is => compare::is, IsNot => compare::is_not, In => slow::compare::contains,
        NotIn => slow::compare::contains,
        Jump => moves::jump, JumpBack => moves::jump_back, JumpIfTrue => compare::jump_if_true,
        JumpIfFalse => compare::jump_if_false, JumpIfNone => compare::jump_if_none,
        JumpIfNotNone => compare::jump_if_not_none,
        JumpLt => compare::jump_lt, JumpLe => compare::jump_le, JumpEq => compare::jump_eq,
        JumpNe => compare::jump_ne, JumpGt => compare::jump_gt, JumpGe => compare::jump_ge,
        JumpNotLt => compare::jump_not_lt, JumpNotLe => compare::jump_not_le, JumpNotEq => compare::jump_not_eq,
        JumpNotNe => compare::jump_not_ne, JumpNotGt => compare::jump_not_gt, JumpNotGe => compare::jump_not_ge,
        JumpLtImm => compare::jump_lt_imm, JumpLeImm => compare::jump_le_imm, JumpEqImm => compare::jump_eq_imm,
        JumpNeImm => compare::jump_ne_imm, JumpGtImm => compare::jump_gt_imm, JumpGeImm => compare::jump_ge_imm,
        JumpNotLtImm => compare::jump_not_lt_imm, JumpNotLeImm => compare::jump_not_le_imm,
        JumpNotEqImm => compare::jump_not_eq_imm, JumpNotNeImm => compare::jump_not_ne_imm,
        JumpNotGtImm => compare::jump_not_gt_imm, JumpNotGeImm => compare::jump_not_ge_imm,
        JumpIs => compare::jump_is, JumpIsNot => compare::jump_is_not,

        GetIter => iterate::get_iter, ForIter => iterate::for_iter,
        UnpackSequence => slow::build::unpack_sequence, UnpackEx => slow::build::unpack_ex,
        StarArgs => slow::call::star_args,
        Call => call::call, CallKw => slow::call::call_kw, CallMethod => call::call_method,
        CallMethodKw => slow::call::call_method_kw, CallEx => slow::call::call_ex, Return => call::return_,
        ReturnNone => call::return_none, MakeFunction => slow::build::make_function,
        LoadBuildClass => slow::names::load_build_class,
        BuildTuple => slow::build::build_tuple, BuildList => slow::build::build_list, BuildSet => slow::build::build_set,
        BuildMap => slow::build::build_map, BuildString => slow::build::build_string,
        ListAppend => item::list_append, SetAdd => slow::build::set_add, MapAdd => slow::build::map_add,
        ListExtend => slow::build::list_extend, SetUpdate => slow::build::set_update,
        DictUpdate => slow::build::dict_update, DictMerge => slow::build::dict_merge,
        ListToTuple => slow::build::list_to_tuple, Convert => slow::build::convert,
        FormatSimple => slow::build::format_simple, FormatSpec => slow::build::format_spec,
        BuildInterpolation => slow::build::build_interpolation, BuildTemplate => slow::build::build_template,

        PushExcInfo => slow::except::push_exc_info, PopExcInfo => slow::except::pop_exc_info,
        MatchExc => slow::except::match_exc, MatchExcStar => slow::except::match_exc_star,
        PrepReraiseStar => slow::except::prep_reraise_star, Raise => slow::except::raise_,
        RaiseCurrent => slow::except::raise_current, Reraise => slow::except::reraise,
        WithEnter => slow::except::with_enter, WithExit => slow::except::with_exit,
        WithExitExc => slow::except::with_exit_exc, AsyncWithEnter => slow::except::with_enter,
        AssertFail => slow::except::assert_fail, RaiseNotImplemented => slow::except::raise_not_implemented,
        ReturnGenerator => slow::generator::return_generator, Yield => slow::generator::yield_,
        GetYieldFromIter => slow::generator::get_yield_from_iter, GetAwaitable => slow::generator::get_awaitable,
        Send => slow::generator::send, AsyncGenWrap => slow::generator::async_gen_wrap,
        GetAiter => slow::generator::get_aiter, GetAnext => slow::generator::get_anext,
        EndAsyncFor => slow::generator::end_async_for, StopIterationError => slow::generator::stop_iteration_error,
        MatchMapping => slow::patterns::match_mapping, MatchSequence => slow::patterns::match_sequence,
        MatchKeys => slow::patterns::match_keys, MatchClass => slow::patterns::match_class,
        GetLen => slow::patterns::get_len, MatchRest => slow::patterns::match_rest,
        ImportName => slow::names::import_name, ImportFrom => slow::names::import_from,
        ImportStar => slow::names::import_star, SetupAnnotations => slow::names::setup_annotations,
        PrintExpr => slow::names::print_expr, TypeVar => slow::types::type_var,
        TypeVarBound => slow::types::type_var_bound, TypeParamDefault => slow::types::type_param_default,
        TypeAlias => slow::types::type_alias, SubscriptGeneric => slow::types::subscript_generic,
        SetTypeParams => slow::types::set_type_params,
    }
    t
}
