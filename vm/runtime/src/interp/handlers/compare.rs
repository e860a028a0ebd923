//! Comparisons and conditional jumps.

use super::arith::immediate_truth;
use super::moves::{conclude, conclude_two, drop_then};
use crate::interp::slow;
use crate::names::Special;
use crate::objects::iter::len_native;
use crate::ops::quick;
use crate::{Cx, Ref, Value};
use ungil_bytecode::Op;
use ungil_gc::{INT_BASE, INT_TAG};

/// What functions that give a truth as a number give if only a method can tell.
const UNKNOWN: u32 = 2;

/// Whether a comparison holds, as a number, if that is known without running anything; else [`UNKNOWN`]. `word` is one of its
/// instructions; a negated jump asks for the opposite.
#[inline(never)]
unsafe fn known_comparison(cx: *mut Cx, word: u64, x: Value, y: Value) -> u32 {
    if x.is_undef() || y.is_undef() {
        return UNKNOWN;
    }
    let (op, negated) = slow::compare::comparison(word);
    match quick::compare(&*cx, op, Ref::from_value(x), Ref::from_value(y)) {
        Some(holds) => (holds != negated) as u32,
        None => UNKNOWN,
    }
}

handler! {
    /// A comparison of other things than numbers.
    #[inline(never)]
    fn compare_known(ip, regs, cx, t) {
        let known = known_comparison(cx, *ip, *regs.add(fb!(*ip)), *regs.add(fc!(*ip)));
        if known == UNKNOWN {
            return slow::compare::compare::run(ip, regs, cx, t);
        }
        if flags!(*ip) & 0x600 != 0 {
            return conclude::<SOLO>(ip.add(1), regs, cx, t, *ip, Value::from_bool(known != 0));
        }
        finish!(ip.add(1), regs, cx, t, fa!(*ip), Value::from_bool(known != 0))
    }
}

handler! {
    /// A jump on a comparison of other things than numbers.
    #[inline(never)]
    fn jump_known(ip, regs, cx, t) {
        let taken = known_comparison(cx, *ip, *regs.add(fa!(*ip)), *regs.add(fb!(*ip)));
        if taken == UNKNOWN {
            return slow::compare::jump::run(ip, regs, cx, t);
        }
        let offset = if taken != 0 { fc_signed!(*ip) as isize } else { 0 };
        if offset < 0 && (*cx).is_wanted() {
            return slow::compare::jump::run(ip, regs, cx, t);
        }
        if flags!(*ip) & 0x300 != 0 {
            return conclude_two::<SOLO>(ip.add(1).offset(offset), regs, cx, t, *ip);
        }
        goto!(ip.add(1).offset(offset), regs, cx, t)
    }
}

/// A comparison into a register, and its four jumping forms.
macro_rules! comparison {
    ($name:ident, $jump:ident, $jump_not:ident, $jump_imm:ident, $jump_not_imm:ident, $op:tt) => {
        handler! {
            pub fn $name(ip, regs, cx, t) {
                let (x, y) = (*regs.add(fb!(*ip)), *regs.add(fc!(*ip)));
                // The order of int words is the order of ints.
                if x.0 & y.0 >= INT_TAG {
                    finish!(ip.add(1), regs, cx, t, fa!(*ip), Value::from_bool(x.0 $op y.0))
                }
                let (f, g) = (x.float_or_nan(), y.float_or_nan());
                if !f.is_nan() && !g.is_nan() {
                    finish!(ip.add(1), regs, cx, t, fa!(*ip), Value::from_bool(f $op g))
                }
                compare_known::<SOLO>(ip, regs, cx, t)
            }
        }
        jumping!($jump, $op, false);
        jumping!($jump_not, $op, true);
        jumping_imm!($jump_imm, $op, false);
        jumping_imm!($jump_not_imm, $op, true);
    };
}

macro_rules! jumping {
    ($name:ident, $op:tt, $negated:literal) => {
        handler! {
            pub fn $name(ip, regs, cx, t) {
                let (x, y) = (*regs.add(fa!(*ip)), *regs.add(fb!(*ip)));
                let holds = if x.0 & y.0 >= INT_TAG {
                    x.0 $op y.0
                } else {
                    let (f, g) = (x.float_or_nan(), y.float_or_nan());
                    if f.is_nan() || g.is_nan() {
                        return jump_known::<SOLO>(ip, regs, cx, t);
                    }
                    f $op g
                };
                if holds != $negated {
                    branch!(ip.add(1), fc_signed!(*ip) as isize, regs, cx, t)
                }
                goto!(ip.add(1), regs, cx, t)
            }
        }
    };
}

macro_rules! jumping_imm {
    ($name:ident, $op:tt, $negated:literal) => {
        handler! {
            pub fn $name(ip, regs, cx, t) {
                let x = *regs.add(fa!(*ip));
                let y = fb!(*ip) as i16 as i64;
                let holds = if x.is_int() {
                    x.0 $op INT_BASE.wrapping_add(y as u64)
                } else {
                    let f = x.float_or_nan();
                    if f.is_nan() {
                        return slow::compare::jump_imm::run(ip, regs, cx, t);
                    }
                    f $op y as f64
                };
                if holds != $negated {
                    branch!(ip.add(1), fc_signed!(*ip) as isize, regs, cx, t)
                }
                goto!(ip.add(1), regs, cx, t)
            }
        }
    };
}

comparison!(lt, jump_lt, jump_not_lt, jump_lt_imm, jump_not_lt_imm, <);
comparison!(le, jump_le, jump_not_le, jump_le_imm, jump_not_le_imm, <=);
comparison!(eq, jump_eq, jump_not_eq, jump_eq_imm, jump_not_eq_imm, ==);
comparison!(ne, jump_ne, jump_not_ne, jump_ne_imm, jump_not_ne_imm, !=);
comparison!(gt, jump_gt, jump_not_gt, jump_gt_imm, jump_not_gt_imm, >);
comparison!(ge, jump_ge, jump_not_ge, jump_ge_imm, jump_not_ge_imm, >=);

/// Drops consumed operands that are objects, or goes on at once.
macro_rules! identity {
    ($name:ident, $negated:literal) => {
        handler! {
            pub fn $name(ip, regs, cx, t) {
                let (x, y) = (*regs.add(fb!(*ip)), *regs.add(fc!(*ip)));
                if (x.is_ptr() && flags!(*ip) & 0x200 != 0) || (y.is_ptr() && flags!(*ip) & 0x400 != 0) {
                    return conclude::<SOLO>(ip.add(1), regs, cx, t, *ip, Value::from_bool((x == y) != $negated));
                }
                finish!(ip.add(1), regs, cx, t, fa!(*ip), Value::from_bool((x == y) != $negated))
            }
        }
    };
}

identity!(is, false);
identity!(is_not, true);

macro_rules! jump_identity {
    ($name:ident, $negated:literal) => {
        handler! {
            pub fn $name(ip, regs, cx, t) {
                let (x, y) = (*regs.add(fa!(*ip)), *regs.add(fb!(*ip)));
                if (x.is_ptr() && flags!(*ip) & 0x100 != 0) || (y.is_ptr() && flags!(*ip) & 0x200 != 0) {
                    return jump_identity_consuming::<SOLO>(ip, regs, cx, t);
                }
                if (x == y) != $negated {
                    branch!(ip.add(1), fc_signed!(*ip) as isize, regs, cx, t)
                }
                goto!(ip.add(1), regs, cx, t)
            }
        }
    };
}

handler! {
    /// A jump on identity that consumes objects.
    #[inline(never)]
    fn jump_identity_consuming(ip, regs, cx, t) {
        let same = *regs.add(fa!(*ip)) == *regs.add(fb!(*ip));
        let taken = same == (*ip as u8 == Op::JumpIs as u8);
        let offset = if taken { fc_signed!(*ip) as isize } else { 0 };
        if offset < 0 && (*cx).is_wanted() {
            return slow::compare::jump_identity::run(ip, regs, cx, t);
        }
        conclude_two::<SOLO>(ip.add(1).offset(offset), regs, cx, t, *ip)
    }
}

handler! {
    pub fn jump_is_not_builtin(ip, regs, cx, t) {
        let known = (*cx).vm.consumers.get().map(|all| all.get_unchecked(fb!(*ip)).get().value());
        if known == Some(*regs.add(fa!(*ip))) {
            goto!(ip.add(1), regs, cx, t)
        }
        branch!(ip.add(1), fc_signed!(*ip) as isize, regs, cx, t)
    }
}

jump_identity!(jump_is, false);
jump_identity!(jump_is_not, true);

/// The truth of an object as a number if that is known without running anything, else [`UNKNOWN`].
#[inline(never)]
unsafe fn object_truth(cx: *mut Cx, v: Value) -> u32 {
    let v = Ref::from_value(v);
    if let Some(len) = len_native(v) {
        return (len != 0) as u32;
    }
    let class = (*cx).class_of(v);
    let decides = class.special(&*cx, Special::Bool).is_some() || class.special(&*cx, Special::Len).is_some();
    if decides { UNKNOWN } else { 1 }
}

macro_rules! jump_truth {
    ($name:ident, $of_object:ident, $wanted:literal) => {
        handler! {
            pub fn $name(ip, regs, cx, t) {
                match immediate_truth(*regs.add(fa!(*ip))) {
                    Some($wanted) => branch!(ip.add(1), wide!(*ip), regs, cx, t),
                    Some(_) => goto!(ip.add(1), regs, cx, t),
                    None => $of_object::<SOLO>(ip, regs, cx, t),
                }
            }
        }

        handler! {
            /// Strings and containers are true unless they are empty.
            #[inline(never)]
            fn $of_object(ip, regs, cx, t) {
                let slot = regs.add(fa!(*ip));
                let v = *slot;
                let truth = if v.is_ptr() { object_truth(cx, v) } else { UNKNOWN };
                if truth == UNKNOWN {
                    return slow::compare::jump_truth::run(ip, regs, cx, t);
                }
                let taken = (truth != 0) == $wanted;
                if flags!(*ip) & 0x100 == 0 {
                    if taken {
                        branch!(ip.add(1), wide!(*ip), regs, cx, t)
                    }
                    goto!(ip.add(1), regs, cx, t)
                }
                let offset = if taken { wide!(*ip) } else { 0 };
                if offset < 0 && (*cx).is_wanted() {
                    return slow::compare::jump_truth::run(ip, regs, cx, t);
                }
                *slot = Value::UNDEF;
                drop_then::<SOLO>(ip.add(1).offset(offset), regs, cx, t, v)
            }
        }
    };
}

jump_truth!(jump_if_true, jump_if_object_true, true);
jump_truth!(jump_if_false, jump_if_object_false, false);

macro_rules! jump_none {
    ($name:ident, $wanted:literal) => {
        handler! {
            pub fn $name(ip, regs, cx, t) {
                let v = *regs.add(fa!(*ip));
                if v.is_ptr() && flags!(*ip) & 0x100 != 0 {
                    // An object is not `None`.
                    let offset = if $wanted { 0 } else { wide!(*ip) };
                    if offset < 0 && (*cx).is_wanted() {
                        return slow::compare::jump_none::run(ip, regs, cx, t);
                    }
                    *regs.add(fa!(*ip)) = Value::UNDEF;
                    return drop_then::<SOLO>(ip.add(1).offset(offset), regs, cx, t, v);
                }
                if v.is_none() == $wanted {
                    branch!(ip.add(1), wide!(*ip), regs, cx, t)
                }
                goto!(ip.add(1), regs, cx, t)
            }
        }
    };
}

jump_none!(jump_if_none, true);
jump_none!(jump_if_not_none, false);
