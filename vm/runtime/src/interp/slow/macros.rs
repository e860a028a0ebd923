//! Shorthand of the slow paths.

/// Makes the frame visible to whatever the slow path calls.
macro_rules! enter {
    ($ip:expr, $regs:ident, $cx:ident) => {{
        (*$cx).ip.set($ip);
        (*$cx).regs.set($regs);
    }};
}

/// Ends a slow path: consumes operands, writes the result to field `a`, goes on behind the instruction; or raises.
macro_rules! done {
    ($ip:ident, $regs:ident, $cx:ident, $t:ident, $result:expr) => {{
        let result: $crate::R = $result;
        match result {
            Ok(v) => {
                let word = *$ip;
                $crate::interp::slow::consume(word, $regs, $cx);
                $crate::interp::slow::put($regs, fa!(word), v, $cx);
                let next = $ip.add($crate::interp::slow::words(word));
                $crate::interp::resume_at(next, $regs, $cx, $t)
            }
            Err(err) => $crate::interp::unwind::raise($ip, $regs, $cx, $t, err),
        }
    }};
}

/// As `done!` for instructions without a result.
macro_rules! done_unit {
    ($ip:ident, $regs:ident, $cx:ident, $t:ident, $result:expr) => {{
        let result: $crate::R<()> = $result;
        match result {
            Ok(()) => {
                let word = *$ip;
                $crate::interp::slow::consume(word, $regs, $cx);
                let next = $ip.add($crate::interp::slow::words(word));
                $crate::interp::resume_at(next, $regs, $cx, $t)
            }
            Err(err) => $crate::interp::unwind::raise($ip, $regs, $cx, $t, err),
        }
    }};
}

/// A slow path that computes a result with `$cx` as `&mut Cx` and `$word` at hand.
macro_rules! slow_handler {
    ($(#[$meta:meta])* pub fn $name:ident($word:ident, $regs:ident, $c:ident) $body:block) => {
        slow_path! {
            $(#[$meta])*
            pub fn $name(ip, $regs, cx, t) {
                enter!(ip, $regs, cx);
                let $word = *ip;
                let result = {
                    let $c: &mut $crate::Cx = &mut *cx;
                    $crate::interp::slow::attempt(|| -> $crate::R { $body })
                };
                done!(ip, $regs, cx, t, result)
            }
        }
    };
}

/// As `slow_handler!` for instructions without a result.
macro_rules! slow_unit {
    ($(#[$meta:meta])* pub fn $name:ident($word:ident, $regs:ident, $c:ident) $body:block) => {
        slow_path! {
            $(#[$meta])*
            pub fn $name(ip, $regs, cx, t) {
                enter!(ip, $regs, cx);
                let $word = *ip;
                let result = {
                    let $c: &mut $crate::Cx = &mut *cx;
                    $crate::interp::slow::attempt(|| -> $crate::R<()> { $body })
                };
                done_unit!(ip, $regs, cx, t, result)
            }
        }
    };
}
