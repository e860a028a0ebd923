//! Shorthand of the handlers: decoding fields, going on to the next instruction.

/// A handler's signature. Each is compiled twice: with `SOLO` for a thread that is the only one attached, which counts and
/// looks at what it likes without asking, and without.
macro_rules! handler {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($ip:ident, $regs:ident, $cx:ident, $t:ident) $body:block) => {
        $(#[$meta])*
        $vis unsafe fn $name<const SOLO: bool>(
            $ip: *const u64,
            $regs: *mut $crate::Value,
            $cx: *mut $crate::Cx,
            $t: *const $crate::interp::Table,
        ) -> $crate::interp::Exit $body
    };
}

// Fields are read from a word, or, written `*ip`, where the instruction lies: each by a load of its own, which takes less than
// taking it out of a word that is at hand.

/// Sixteen bits of the instruction at an address.
macro_rules! field_at {
    ($ip:expr, $index:literal, $type:ty) => {
        *$ip.cast::<$type>().add($index)
    };
}

/// Field `a` of the instruction word.
macro_rules! fa {
    (*$ip:ident) => {
        field_at!($ip, 1, u16) as usize
    };
    ($word:expr) => {
        ($word >> 16) as u16 as usize
    };
}

/// Field `b`.
macro_rules! fb {
    (*$ip:ident) => {
        field_at!($ip, 2, u16) as usize
    };
    ($word:expr) => {
        ($word >> 32) as u16 as usize
    };
}

/// Field `c`.
macro_rules! fc {
    (*$ip:ident) => {
        field_at!($ip, 3, u16) as usize
    };
    ($word:expr) => {
        ($word >> 48) as usize
    };
}

/// Field `c` as a signed number.
macro_rules! fc_signed {
    (*$ip:ident) => {
        field_at!($ip, 3, i16) as i64
    };
    ($word:expr) => {
        ($word as i64 >> 48)
    };
}

/// Fields `b` and `c` as one signed 32-bit number.
macro_rules! wide {
    (*$ip:ident) => {
        field_at!($ip, 1, i32) as isize
    };
    ($word:expr) => {
        ($word as i64 >> 32) as isize
    };
}

/// The operands that the instruction at an address consumes: bits 0x100, 0x200 and 0x400 for `a`, `b` and `c`.
macro_rules! flags {
    (*$ip:ident) => {
        (field_at!($ip, 1, u8) as u32) << 8
    };
}

/// Goes on at an instruction.
macro_rules! goto {
    ($ip:expr, $regs:ident, $cx:ident, $t:ident) => {{
        let ip: *const u64 = $ip;
        return ((*$t).0[(*ip & 0xff) as usize])(ip, $regs, $cx, $t);
    }};
}

/// Goes on at an instruction after something that may have met a safepoint: the thread may have begun or ceased to be solo.
macro_rules! goto_anew {
    ($ip:expr, $regs:ident, $cx:ident) => {{
        let ip: *const u64 = $ip;
        let t: *const $crate::interp::Table = $crate::interp::handlers::table(&*$cx);
        return ((*t).0[(*ip & 0xff) as usize])(ip, $regs, $cx, t);
    }};
}

/// Writes a register, drops what it held, and goes on.
macro_rules! finish {
    ($ip:expr, $regs:ident, $cx:ident, $t:ident, $a:expr, $v:expr) => {{
        let slot = $regs.add($a);
        let old = *slot;
        *slot = $v;
        let next: *const u64 = $ip;
        if old.is_ptr() {
            return $crate::interp::handlers::drop_then::<SOLO>(next, $regs, $cx, $t, old);
        }
        goto!(next, $regs, $cx, $t)
    }};
}

/// As `finish` where the register is a temporary: it holds nothing.
macro_rules! finish_temp {
    ($ip:expr, $regs:ident, $cx:ident, $t:ident, $a:expr, $v:expr) => {{
        *$regs.add($a) = $v;
        goto!($ip, $regs, $cx, $t)
    }};
}

/// Counts one reference more of a value, if it is a pointer. Nothing has been changed yet.
macro_rules! count_or_prepare {
    ($v:ident, $ip:ident, $regs:ident, $cx:ident, $t:ident) => {
        if $v.is_ptr() && !$crate::interp::handlers::count_up_quick::<SOLO>($v, $cx) {
            return $crate::interp::handlers::prepare_then($ip, $regs, $cx, $t, $v);
        }
    };
}

/// Jumps by a signed number of words from `next`; backwards it polls the check word.
macro_rules! branch {
    ($next:expr, $offset:expr, $regs:ident, $cx:ident, $t:ident) => {{
        let offset: isize = $offset;
        let target = $next.offset(offset);
        if offset < 0 && (*$cx).is_wanted() {
            return $crate::interp::slow::poll::run(target, $regs, $cx, $t);
        }
        goto!(target, $regs, $cx, $t)
    }};
}

/// Dispatches to where a slow path says.
macro_rules! follow {
    ($next:expr, $cx:ident) => {{
        let next: $crate::interp::Next = $next;
        if next.ip.is_null() {
            return next.regs as $crate::interp::Exit;
        }
        let regs = next.regs;
        goto_anew!(next.ip, regs, $cx)
    }};
}

/// A slow path: a module with `next`, which does the work and says where to go on, and `run`, the handler that goes there.
macro_rules! slow_path {
    ($(#[$meta:meta])* pub fn $name:ident($ip:ident, $regs:ident, $cx:ident, $t:ident) $body:block) => {
        $(#[$meta])*
        pub mod $name {
            use super::*;

            /// Does the work.
            #[inline(never)]
            #[allow(unused_variables)]
            pub unsafe fn next(
                $ip: *const u64,
                $regs: *mut $crate::Value,
                $cx: *mut $crate::Cx,
                $t: *const $crate::interp::Table,
            ) -> $crate::interp::Next $body

            /// The handler. Inlined into another one it would give that a stack frame on all its paths.
            #[allow(dead_code)]
            #[inline(never)]
            pub unsafe fn run(
                ip: *const u64,
                regs: *mut $crate::Value,
                cx: *mut $crate::Cx,
                t: *const $crate::interp::Table,
            ) -> $crate::interp::Exit {
                follow!(next(ip, regs, cx, t), cx)
            }
        }
    };
}
