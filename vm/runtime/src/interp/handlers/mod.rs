//! The handlers: the fast path of every instruction, and the table that dispatch goes through.
//!
//! A fast path touches registers, immediates and cached slots only. Whatever may allocate much, run Python or fail is
//! handed over in tail position to `slow/`.

// Every function here is a handler, whose contract `interp/mod.rs` states once for all of them.
#![allow(unsafe_op_in_unsafe_fn, clippy::missing_safety_doc)]

mod arith;
mod attr;
mod build;
mod call;
mod compare;
mod construct;
mod generate;
mod item;
mod iterate;
mod moves;
mod super_;

pub(crate) use call::leave;
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
        LoadEllipsis => moves::load_ellipsis, Drop => moves::drop_, DeleteLocal => slow::names::delete_local::run,
        CheckBound => moves::check_bound,
        LoadGlobal => moves::load_global, StoreGlobal => moves::store_global, DeleteGlobal => slow::names::delete_global::run,
        LoadName => moves::load_name, StoreName => moves::store_name, DeleteName => slow::names::delete_name::run,
        LoadFromDictOrGlobals => slow::names::load_from_dict_or_globals::run,
        LoadFromDictOrFree => slow::names::load_from_dict_or_free::run,
        LoadFromDictOrCell => slow::names::load_from_dict_or_cell::run,
        MakeCell => slow::names::make_cell::run, LoadCell => moves::load_cell, StoreCell => moves::store_cell,
        DeleteCell => slow::names::delete_cell::run, LoadFree => moves::load_free, StoreFree => moves::store_free,
        DeleteFree => slow::names::delete_free::run, LoadFreeCell => slow::names::load_free_cell::run,
        LoadLocals => slow::names::load_locals::run,

        LoadAttr => attr::load_attr, StoreAttr => attr::store_attr, DeleteAttr => slow::attr::delete_attr::run,
        LoadSuperAttr => slow::attr::load_super_attr::run, LoadSuperMethod => super_::load_super_method, GetItem => item::get_item, GetItemImm => item::get_item_imm,
        SetItem => item::set_item, DelItem => slow::item::del_item::run, BuildSlice => slow::build::build_slice::run,
        GetSlice => slow::item::get_slice::run, SetSlice => slow::item::set_slice::run,

        Add => arith::add, Sub => arith::sub, Mul => arith::mul, TrueDiv => arith::true_div,
        FloorDiv => arith::floor_div, Mod => arith::modulo, Pow => slow::arith::binary::run, MatMul => slow::arith::binary::run,
        Shl => arith::shl, Shr => arith::shr, And => arith::and, Or => arith::or, Xor => arith::xor,
        IAdd => arith::add, ISub => arith::sub, IMul => arith::mul, ITrueDiv => arith::true_div,
        IFloorDiv => arith::floor_div, IMod => arith::modulo, IPow => slow::arith::binary::run,
        IMatMul => slow::arith::binary::run, IShl => arith::shl, IShr => arith::shr, IAnd => arith::and, IOr => arith::or,
        IXor => arith::xor,
        AddImm => arith::add_imm, SubImm => arith::sub_imm, MulImm => arith::mul_imm,
        FloorDivImm => arith::floor_div_imm, ModImm => arith::mod_imm, ShlImm => arith::shl_imm,
        ShrImm => arith::shr_imm, AndImm => arith::and_imm, IAddImm => arith::add_imm, ISubImm => arith::sub_imm,
        Neg => arith::neg, Pos => slow::arith::unary::run, Invert => slow::arith::unary::run, Not => arith::not,
        ToBool => arith::to_bool,

        Lt => compare::lt, Le => compare::le, Eq => compare::eq, Ne => compare::ne, Gt => compare::gt,
        Ge => compare::ge, Is => compare::is, IsNot => compare::is_not, In => item::contains, NotIn => item::contains,
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
        UnpackSequence => build::unpack_sequence, UnpackEx => slow::build::unpack_ex::run,
        StarArgs => slow::call::star_args::run,
        Call => call::call, CallKw => slow::call::call_kw::run, CallMethod => call::call_method,
        CallMethodKw => slow::call::call_method_kw::run, CallSuper => super_::call_super, CallEx => slow::call::call_ex::run, Return => call::return_,
        ReturnNone => call::return_none, MakeFunction => slow::build::make_function::run,
        LoadBuildClass => slow::names::load_build_class::run,
        BuildTuple => slow::build::build_tuple::run, BuildList => slow::build::build_list::run, BuildSet => slow::build::build_set::run,
        BuildMap => slow::build::build_map::run, BuildString => slow::build::build_string::run,
        ListAppend => item::list_append, SetAdd => item::set_add, MapAdd => item::map_add,
        ListExtend => slow::build::list_extend::run, SetUpdate => slow::build::set_update::run,
        DictUpdate => slow::build::dict_update::run, DictMerge => slow::build::dict_merge::run,
        ListToTuple => slow::build::list_to_tuple::run, Convert => slow::build::convert::run,
        FormatSimple => slow::build::format_simple::run, FormatSpec => slow::build::format_spec::run,
        BuildInterpolation => slow::build::build_interpolation::run, BuildTemplate => slow::build::build_template::run,

        PushExcInfo => slow::except::push_exc_info::run, PopExcInfo => slow::except::pop_exc_info::run,
        MatchExc => slow::except::match_exc::run, MatchExcStar => slow::except::match_exc_star::run,
        PrepReraiseStar => slow::except::prep_reraise_star::run, Raise => slow::except::raise_::run,
        RaiseCurrent => slow::except::raise_current::run, Reraise => slow::except::reraise::run,
        WithEnter => slow::except::with_enter::run, WithExit => slow::except::with_exit::run,
        WithExitExc => slow::except::with_exit_exc::run, AsyncWithEnter => slow::except::with_enter::run,
        AssertFail => slow::except::assert_fail::run, RaiseNotImplemented => slow::except::raise_not_implemented::run,
        ReturnGenerator => slow::generator::return_generator::run, Yield => generate::yield_,
        GetYieldFromIter => slow::generator::get_yield_from_iter::run, GetAwaitable => slow::generator::get_awaitable::run,
        Send => generate::send, AsyncGenWrap => slow::generator::async_gen_wrap::run,
        GetAiter => slow::generator::get_aiter::run, GetAnext => slow::generator::get_anext::run,
        EndAsyncFor => slow::generator::end_async_for::run, StopIterationError => slow::generator::stop_iteration_error::run,
        MatchMapping => slow::patterns::match_mapping::run, MatchSequence => slow::patterns::match_sequence::run,
        MatchKeys => slow::patterns::match_keys::run, MatchClass => slow::patterns::match_class::run,
        GetLen => slow::patterns::get_len::run, MatchRest => slow::patterns::match_rest::run,
        ImportName => slow::names::import_name::run, ImportFrom => slow::names::import_from::run,
        ImportStar => slow::names::import_star::run, SetupAnnotations => slow::names::setup_annotations::run,
        PrintExpr => slow::names::print_expr::run, TypeVar => slow::types::type_var::run,
        TypeVarBound => slow::types::type_var_bound::run, TypeParamDefault => slow::types::type_param_default::run,
        TypeAlias => slow::types::type_alias::run, SubscriptGeneric => slow::types::subscript_generic::run,
        SetTypeParams => slow::types::set_type_params::run,
    }
    t
}
