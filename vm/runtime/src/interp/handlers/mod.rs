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
mod leave;
mod moves;
pub(super) mod super_;

pub(crate) use moves::{drop_then, resume_at};

use super::slow;
use super::{Exit, Handler, Table};
use crate::{Cx, Value};
use ungil_bytecode::Op;

/// Reached only through a defect: the verifier admits no such opcode.
unsafe fn invalid(_ip: *const u64, _regs: *mut Value, _cx: *mut Cx, _t: *const Table) -> Exit {
    ungil_gc::fatal("invalid opcode")
}

/// The handlers for threads that may not be alone.
static TABLE: Table = Table(build::<false>());
/// The handlers for a thread that is solo.
static SOLO_TABLE: Table = Table(build::<true>());

/// The handlers for a thread that reports what it runs.
static REPORTING: Table = Table([super::tracing::step; 256]);

/// The handlers for the thread as it is now. What it is changes at safepoints only, or by natives that say what is to be
/// reported: whatever may meet one asks again before it goes on.
#[inline(always)]
pub(crate) fn table(cx: &Cx) -> *const Table {
    cx.dispatch() as *const Table
}

/// The tables for a thread that is not solo, and for one that is, as `Mutator::set_dispatch` takes them.
pub(crate) fn choices(reporting: bool) -> [usize; 2] {
    let tables = if reporting { [&REPORTING, &REPORTING] } else { [&TABLE, &SOLO_TABLE] };
    tables.map(|table: &'static Table| table as *const Table as usize)
}

/// The table with what instructions do, whether or not the thread reports them.
pub(crate) fn own_table(cx: &Cx) -> *const Table {
    if cx.owns_everything() { &SOLO_TABLE } else { &TABLE }
}

/// As [`count_up`], of an object that is confined if the thread is not solo.
#[inline(always)]
unsafe fn count_up_own<const SOLO: bool>(v: Value, cx: *mut Cx) {
    if SOLO { (*v.ptr()).increment_solo((*cx).mutator()) } else { (*v.ptr()).count_up_confined() }
}

/// As [`count_down`], of an object that is confined if the thread is not solo.
#[inline(always)]
#[must_use]
unsafe fn count_down_own<const SOLO: bool>(v: Value, cx: *mut Cx) -> bool {
    if SOLO { (*v.ptr()).decrement_solo((*cx).mutator()) } else { (*v.ptr()).count_down_confined() }
}

/// Drops a class, which never ends thereby.
#[inline(always)]
unsafe fn drop_class<const SOLO: bool>(class: Value, cx: *mut Cx) {
    let m = (*cx).mutator();
    // Classes are lasting from birth.
    let _ = if SOLO { (*class.ptr()).decrement_solo(m) } else { (*class.ptr()).count_lasting(m, -1) };
}

/// Goes on ending a plain frame.
///
/// # Safety
/// The handlers' contract.
pub(crate) unsafe fn leave_anew(regs: *mut Value, cx: *mut Cx, t: *const Table, v: Value) -> Exit {
    match (*cx).owns_everything() {
        true => leave::leave::<true>(regs, cx, t, v),
        false => leave::leave::<false>(regs, cx, t, v),
    }
}

/// Counts one reference more. The value is a pointer.
#[inline(always)]
unsafe fn count_up<const SOLO: bool>(v: Value, cx: *mut Cx) {
    let m = (*cx).mutator();
    if SOLO {
        (*v.ptr()).increment_solo(m);
    } else if !(*v.ptr()).increment_quick(m) {
        (*v.ptr()).increment(m);
    }
}

/// As [`count_up`] where that needs no call; whether it was done. A handler that has changed nothing yet goes on in
/// [`prepare_then`] otherwise, so that it needs no stack frame for a call.
#[inline(always)]
#[must_use]
unsafe fn count_up_quick<const SOLO: bool>(v: Value, cx: *mut Cx) -> bool {
    let m = (*cx).mutator();
    if SOLO {
        (*v.ptr()).increment_solo(m);
        return true;
    }
    (*v.ptr()).increment_quick(m)
}

/// Sees to it that `v`, which is a pointer, can be counted quickly, and executes the instruction at `ip` from its beginning.
#[inline(never)]
unsafe fn prepare_then(ip: *const u64, regs: *mut Value, cx: *mut Cx, t: *const Table, v: Value) -> Exit {
    if (*cx).owns_everything() {
        // It has become solo since the handler was chosen, and needs another one.
        goto_anew!(ip, regs, cx)
    }
    (*v.ptr()).prepare_increment((*cx).mutator());
    goto!(ip, regs, cx, t)
}

/// The value of a register, moved out of it or counted; `None` if it cannot be counted quickly ([`prepare_then`]).
#[inline(always)]
unsafe fn take_register<const SOLO: bool>(source: *mut Value, moves: bool, cx: *mut Cx) -> Option<Value> {
    let v = *source;
    if v.is_ptr() {
        if moves {
            *source = Value::UNDEF;
        } else if !count_up_quick::<SOLO>(v, cx) {
            return None;
        }
    }
    Some(v)
}

/// Counts one reference less, of a value that is a pointer. Whether the caller must go on with [`end_drop`]: the reference was
/// the last one, or is not taken away so quickly.
#[inline(always)]
#[must_use]
unsafe fn count_down<const SOLO: bool>(v: Value, cx: *mut Cx) -> bool {
    let m = (*cx).mutator();
    if SOLO { (*v.ptr()).decrement_solo(m) } else { (*v.ptr()).count_down(m) }
}

/// Drops a reference after [`count_down`] has said so. Its end may queue what runs later; nothing runs here.
#[inline(always)]
pub(crate) unsafe fn end_drop<const SOLO: bool>(v: Value, cx: *mut Cx) {
    let m = (*cx).mutator();
    if SOLO { m.destroy(v.ptr()) } else { m.end_drop(v.ptr()) }
}

/// Drops a value. Its end may queue what runs later; nothing runs here.
#[inline(always)]
unsafe fn drop_value<const SOLO: bool>(v: Value, cx: *mut Cx) {
    if v.is_ptr() && count_down::<SOLO>(v, cx) {
        end_drop::<SOLO>(v, cx);
    }
}

const fn build<const SOLO: bool>() -> [Handler; 256] {
    let mut t: [Handler; 256] = [invalid; 256];
    macro_rules! ops {
        ($($op:ident => $f:expr,)*) => { $( t[Op::$op as usize] = $f; )* };
    }
    ops! {
        Nop => moves::nop::<SOLO>, Move => moves::move_::<SOLO>, LoadConst => moves::load_const::<SOLO>, LoadInt => moves::load_int::<SOLO>,
        LoadNone => moves::load_none::<SOLO>, LoadTrue => moves::load_true::<SOLO>, LoadFalse => moves::load_false::<SOLO>,
        LoadEllipsis => moves::load_ellipsis::<SOLO>, Drop => moves::drop_::<SOLO>, DeleteLocal => slow::names::delete_local::run,
        CheckBound => moves::check_bound::<SOLO>,
        LoadGlobal => moves::load_global::<SOLO>, StoreGlobal => moves::store_global::<SOLO>, DeleteGlobal => slow::names::delete_global::run,
        LoadName => moves::load_name::<SOLO>, StoreName => moves::store_name::<SOLO>, DeleteName => slow::names::delete_name::run,
        LoadFromDictOrGlobals => slow::names::load_from_dict_or_globals::run,
        LoadFromDictOrFree => slow::names::load_from_dict_or_free::run,
        LoadFromDictOrCell => slow::names::load_from_dict_or_cell::run,
        MakeCell => slow::names::make_cell::run, LoadCell => moves::load_cell::<SOLO>, StoreCell => moves::store_cell::<SOLO>,
        DeleteCell => slow::names::delete_cell::run, LoadFree => moves::load_free::<SOLO>, StoreFree => moves::store_free::<SOLO>,
        DeleteFree => slow::names::delete_free::run, LoadFreeCell => slow::names::load_free_cell::run,
        LoadLocals => slow::names::load_locals::run,

        LoadAttr => attr::load_attr::<SOLO>, StoreAttr => attr::store_attr::<SOLO>, DeleteAttr => slow::attr::delete_attr::run,
        LoadSuperAttr => slow::attr::load_super_attr::run, LoadSuperMethod => super_::load_super_method::<SOLO>, GetItem => item::get_item::<SOLO>, GetItemImm => item::get_item_imm::<SOLO>,
        SetItem => item::set_item::<SOLO>, SetItemConst => item::set_item_const::<SOLO>, DelItem => slow::item::del_item::run, BuildSlice => build::build_slice::<SOLO>,
        GetSlice => item::get_slice::<SOLO>, SetSlice => item::set_slice::<SOLO>,

        Add => arith::add::<SOLO>, Sub => arith::sub::<SOLO>, Mul => arith::mul::<SOLO>, TrueDiv => arith::true_div::<SOLO>,
        FloorDiv => arith::floor_div::<SOLO>, Mod => arith::modulo::<SOLO>, Pow => arith::pow::<SOLO>, MatMul => slow::arith::binary::run,
        Shl => arith::shl::<SOLO>, Shr => arith::shr::<SOLO>, And => arith::and::<SOLO>, Or => arith::or::<SOLO>, Xor => arith::xor::<SOLO>,
        IAdd => arith::add::<SOLO>, ISub => arith::sub::<SOLO>, IMul => arith::mul::<SOLO>, ITrueDiv => arith::true_div::<SOLO>,
        IFloorDiv => arith::floor_div::<SOLO>, IMod => arith::modulo::<SOLO>, IPow => arith::pow::<SOLO>,
        IMatMul => slow::arith::binary::run, IShl => arith::shl::<SOLO>, IShr => arith::shr::<SOLO>, IAnd => arith::and::<SOLO>, IOr => arith::or::<SOLO>,
        IXor => arith::xor::<SOLO>,
        AddImm => arith::add_imm::<SOLO>, SubImm => arith::sub_imm::<SOLO>, MulImm => arith::mul_imm::<SOLO>,
        FloorDivImm => arith::floor_div_imm::<SOLO>, ModImm => arith::mod_imm::<SOLO>, ShlImm => arith::shl_imm::<SOLO>,
        ShrImm => arith::shr_imm::<SOLO>, AndImm => arith::and_imm::<SOLO>, IAddImm => arith::add_imm::<SOLO>, ISubImm => arith::sub_imm::<SOLO>,
        Neg => arith::neg::<SOLO>, Pos => slow::arith::unary::run, Invert => slow::arith::unary::run, Not => arith::not::<SOLO>,
        ToBool => arith::to_bool::<SOLO>,

        Lt => compare::lt::<SOLO>, Le => compare::le::<SOLO>, Eq => compare::eq::<SOLO>, Ne => compare::ne::<SOLO>, Gt => compare::gt::<SOLO>,
        Ge => compare::ge::<SOLO>, Is => compare::is::<SOLO>, IsNot => compare::is_not::<SOLO>, In => item::contains::<SOLO>, NotIn => item::contains::<SOLO>,
        Jump => moves::jump::<SOLO>, JumpBack => moves::jump_back::<SOLO>, JumpFor => iterate::jump_for::<SOLO>, JumpIfTrue => compare::jump_if_true::<SOLO>,
        JumpIfFalse => compare::jump_if_false::<SOLO>, JumpIfNone => compare::jump_if_none::<SOLO>,
        JumpIfNotNone => compare::jump_if_not_none::<SOLO>,
        JumpLt => compare::jump_lt::<SOLO>, JumpLe => compare::jump_le::<SOLO>, JumpEq => compare::jump_eq::<SOLO>,
        JumpNe => compare::jump_ne::<SOLO>, JumpGt => compare::jump_gt::<SOLO>, JumpGe => compare::jump_ge::<SOLO>,
        JumpNotLt => compare::jump_not_lt::<SOLO>, JumpNotLe => compare::jump_not_le::<SOLO>, JumpNotEq => compare::jump_not_eq::<SOLO>,
        JumpNotNe => compare::jump_not_ne::<SOLO>, JumpNotGt => compare::jump_not_gt::<SOLO>, JumpNotGe => compare::jump_not_ge::<SOLO>,
        JumpLtImm => compare::jump_lt_imm::<SOLO>, JumpLeImm => compare::jump_le_imm::<SOLO>, JumpEqImm => compare::jump_eq_imm::<SOLO>,
        JumpNeImm => compare::jump_ne_imm::<SOLO>, JumpGtImm => compare::jump_gt_imm::<SOLO>, JumpGeImm => compare::jump_ge_imm::<SOLO>,
        JumpNotLtImm => compare::jump_not_lt_imm::<SOLO>, JumpNotLeImm => compare::jump_not_le_imm::<SOLO>,
        JumpNotEqImm => compare::jump_not_eq_imm::<SOLO>, JumpNotNeImm => compare::jump_not_ne_imm::<SOLO>,
        JumpNotGtImm => compare::jump_not_gt_imm::<SOLO>, JumpNotGeImm => compare::jump_not_ge_imm::<SOLO>,
        JumpIsNotBuiltin => compare::jump_is_not_builtin::<SOLO>,
        JumpIs => compare::jump_is::<SOLO>, JumpIsNot => compare::jump_is_not::<SOLO>,

        GetIter => iterate::get_iter::<SOLO>, ForIter => iterate::for_iter::<SOLO>,
        UnpackSequence => build::unpack_sequence::<SOLO>, UnpackEx => slow::build::unpack_ex::run,
        StarArgs => slow::call::star_args::run, StarKwargs => slow::build::star_kwargs::run,
        Call => call::call::<SOLO>, CallKw => call::call_kw::<SOLO>, CallMethod => call::call_method::<SOLO>,
        CallMethodKw => call::call_method_kw::<SOLO>, CallSuper => super_::call_super::<SOLO>, CallEx => slow::call::call_ex::run, Return => leave::return_::<SOLO>,
        ReturnNone => leave::return_none::<SOLO>, MakeFunction => slow::build::make_function::run,
        LoadBuildClass => slow::names::load_build_class::run,
        BuildTuple => slow::build::build_tuple::run, BuildList => slow::build::build_list::run, BuildSet => slow::build::build_set::run,
        BuildMap => slow::build::build_map::run, BuildString => slow::build::build_string::run,
        ListAppend => item::list_append::<SOLO>, SetAdd => item::set_add::<SOLO>, MapAdd => item::map_add::<SOLO>,
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
        ReturnGenerator => generate::return_generator::<SOLO>, Yield => generate::yield_::<SOLO>,
        GetYieldFromIter => generate::get_yield_from_iter::<SOLO>, GetAwaitable => generate::get_awaitable::<SOLO>,
        Send => generate::send::<SOLO>, AsyncGenWrap => slow::generator::async_gen_wrap::run,
        GetAiter => slow::generator::get_aiter::run, GetAnext => slow::generator::get_anext::run,
        EndAsyncFor => slow::generator::end_async_for::run, StopIterationError => slow::generator::stop_iteration_error::run,
        GeneratorError => slow::generator::generator_error::run,
        MatchMapping => slow::patterns::match_mapping::run, MatchSequence => slow::patterns::match_sequence::run,
        MatchKeys => slow::patterns::match_keys::run, MatchClass => slow::patterns::match_class::run,
        GetLen => slow::patterns::get_len::run, MatchRest => slow::patterns::match_rest::run,
        ImportName => slow::names::import_name::run, ImportFrom => slow::names::import_from::run,
        ImportStar => slow::names::import_star::run, SetupAnnotations => slow::names::setup_annotations::run,
        PrintExpr => slow::names::print_expr::run, TypeVar => slow::types::type_var::run,
        TypeVarBound => slow::types::type_var_bound::run, TypeParamDefault => slow::types::type_param_default::run,
        TypeAlias => slow::types::type_alias::run, SubscriptGeneric => slow::types::subscript_generic::run,
        SetTypeParams => slow::types::set_type_params::run, Link => slow::call::link::run,
        MoveToTemp => moves::move_to_temp::<SOLO>, CopyToTemp => moves::copy_to_temp::<SOLO>, LoadConstToTemp => moves::load_const_to_temp::<SOLO>,
        LoadIntToTemp => moves::load_int_to_temp::<SOLO>, LoadNoneToTemp => moves::load_none_to_temp::<SOLO>,
        LoadGlobalToTemp => moves::load_global_to_temp::<SOLO>, LoadFreeToTemp => moves::load_free_to_temp::<SOLO>,
        LoadAttrToTemp => attr::load_attr_to_temp::<SOLO>,
        LoadGlobalLent => moves::load_global_lent::<SOLO>, LoadFreeLent => moves::load_free_lent::<SOLO>, LoadAttrLent => attr::load_attr_lent::<SOLO>,
        GetItemLent => item::get_item_lent::<SOLO>, GetItemImmLent => item::get_item_imm_lent::<SOLO>,
    }
    t
}
