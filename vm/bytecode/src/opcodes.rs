//! The opcode table: name, operands, words and one line of semantics for every instruction.
//!
//! Everything that knows about opcodes is made from this table: the `Op` enum, the encoder's checks, the
//! disassembler, the verifier, and (through [`for_each_opcode`]) the interpreter's dispatch table.
//!
//! Operand kinds, for the fields `a`, `b` and `c` of an instruction:
//!
//! | kind | meaning |
//! |---|---|
//! | `W` | register that is written; what it held is dropped (a temporary holds nothing owned then) |
//! | `R` | register that is read in place, or moved out if the instruction's consume flag for that field is set |
//! | `X` | register that is both read and changed in place (never consumed) |
//! | `T` | first of several consecutive temporaries that are all moved out (how many: the line says) |
//! | `V` | first of several consecutive registers that are written |
//! | `Win` | call window: `[ip, link, callable, extra, arg0, arg1, ...]` |
//! | `I` | signed 16-bit immediate |
//! | `U` | unsigned 16-bit immediate |
//! | `N` | index into `names` |
//! | `F` | index into the free variables (the function's closure) |
//! | `J` | signed 16-bit jump, in words from the end of the instruction |
//! | `L` | low half of a 32-bit jump whose high half is the next field, `H` |
//! | `K` | low half of a 32-bit constant index whose high half is the next field, `H` |
//! | `S` | low half of a signed 32-bit immediate whose high half is the next field, `H` |
//! | `_` | not used, zero |
//!
//! A temporary that was consumed counts as empty, but may still hold a stale immediate. Where an instruction takes an
//! optional operand, the compiler empties the register with `Drop` if it could be told apart no other way (`Raise`,
//! `AssertFail`, `BuildInterpolation`); in the windows of `MakeFunction` and `CallEx` anything but an object is nothing.
//!
//! A method call has two positions: that of its first word is the call's, that of its name word the attribute's.
//!
//! A conditional jump (fused, immediate or `JumpIf...`) whose offset is negative closes a loop: when it is taken it tests
//! the check word, as `JumpBack` does.
//!
//! `words` counts the instruction itself and the words that follow it: an inline constant, an operand that found
//! no place (`name` in the low 32 bits of the first extra word), or inline caches, all zero when compiled.

/// Builtins whose calls with a generator expression run its loop in the caller, by their numbers in `JumpIsNotBuiltin`.
pub const CONSUMERS: [&str; 5] = ["tuple", "list", "set", "all", "any"];

/// Calls `$callback! { (Name [a b c] words "doc") ... }` with the whole table.
#[macro_export]
macro_rules! for_each_opcode {
    ($callback:ident) => {
        $callback! {
            // Moves and constants.
            (Nop [_ _ _] 1 "nothing")
            (Move [W R _] 1 "a = b")
            (LoadConst [W K H] 2 "a = constant; the word that follows is its value once the code is linked")
            (LoadInt [W S H] 1 "a = the 32-bit integer")
            (LoadNone [W _ _] 1 "a = None")
            (LoadTrue [W _ _] 1 "a = True")
            (LoadFalse [W _ _] 1 "a = False")
            (LoadEllipsis [W _ _] 1 "a = Ellipsis")
            (Drop [X _ _] 1 "drop what a holds and leave it empty")
            (DeleteLocal [X _ _] 1 "UnboundLocalError if a is empty, else drop it")
            (CheckBound [X _ _] 1 "UnboundLocalError (NameError for a comprehension's) if a is empty")

            // Names.
            (LoadGlobal [W N _] 4 "a = globals or builtins [name]; caches: globals, builtins, where the value is")
            (StoreGlobal [R N _] 2 "globals[name] = a")
            (DeleteGlobal [_ N _] 1 "del globals[name]")
            (LoadName [W N _] 4 "a = namespace, globals or builtins [name]; the namespace is register 0, None stands for globals; caches as LoadGlobal")
            (StoreName [R N _] 2 "namespace[name] = a")
            (DeleteName [_ N _] 1 "del namespace[name]")
            (LoadFromDictOrGlobals [W N R] 1 "a = c[name], or else as LoadGlobal")
            (LoadFromDictOrFree [W F R] 1 "a = c[name of the free variable], or else as LoadFree")
            (LoadFromDictOrCell [W X R] 1 "a = c[name of local b], or else as LoadCell")
            (MakeCell [X _ _] 1 "a = a new cell that holds what a held")
            (LoadCell [W X _] 1 "a = contents of the cell in b, UnboundLocalError if empty")
            (StoreCell [X R _] 1 "contents of the cell in a = b")
            (DeleteCell [X _ _] 1 "empty the cell in a, UnboundLocalError if it is empty")
            (LoadFree [W F _] 1 "a = contents of free variable b, NameError if empty")
            (StoreFree [R F _] 1 "contents of free variable b = a")
            (DeleteFree [_ F _] 1 "empty free variable b, NameError if it is empty")
            (LoadFreeCell [W F _] 1 "a = the cell itself of free variable b")
            (LoadLocals [W _ _] 1 "a = the namespace of the class or module body (locals())")

            // Attributes and items.
            (LoadAttr [W R N] 2 "a = b.name; cache")
            (StoreAttr [R R N] 2 "a.name = b; cache")
            (DeleteAttr [R N _] 1 "del a.name")
            (LoadSuperAttr [W T N] 1 "a = super(b+1, b+2).name where b holds the global `super`; three temporaries")
            (LoadSuperMethod [W T N] 3 "a = the function super(b+1, b+2).name where b holds the global `super`, and b = the object for its first argument; or a = any other attribute of that name, and b holds nothing; three temporaries; caches: the object's, the class's")
            (GetItem [W R R] 2 "a = b[c]; cache")
            (GetItemImm [W R I] 2 "a = b[immediate]; cache")
            (SetItem [R R R] 2 "a[b] = c; cache")
            (SetItemConst [R R K] 2 "a[b] = a constant that is no object: in the low 32 bits of the next word (c unused, zero), which is its value once the code is linked")
            (DelItem [R R _] 1 "del a[b]")
            (BuildSlice [W T U] 1 "a = slice of c (2 or 3) temporaries from b")
            (GetSlice [W T _] 1 "a = b[b+1 : b+2]; three temporaries")
            (SetSlice [T R _] 1 "a[a+1 : a+2] = b; three temporaries")

            // Arithmetic. The in-place forms try the in-place method first; the immediate forms have an int on the right.
            (Add [W R R] 2 "a = b + c; cache")
            (Sub [W R R] 2 "a = b - c; cache")
            (Mul [W R R] 2 "a = b * c; cache")
            (TrueDiv [W R R] 2 "a = b / c; cache")
            (FloorDiv [W R R] 2 "a = b // c; cache")
            (Mod [W R R] 2 "a = b % c; cache")
            (Pow [W R R] 2 "a = b ** c; cache")
            (MatMul [W R R] 2 "a = b @ c; cache")
            (Shl [W R R] 2 "a = b << c; cache")
            (Shr [W R R] 2 "a = b >> c; cache")
            (And [W R R] 2 "a = b & c; cache")
            (Or [W R R] 2 "a = b | c; cache")
            (Xor [W R R] 2 "a = b ^ c; cache")
            (IAdd [W R R] 2 "b += c, result in a; cache")
            (ISub [W R R] 2 "b -= c, result in a; cache")
            (IMul [W R R] 2 "b *= c, result in a; cache")
            (ITrueDiv [W R R] 2 "b /= c, result in a; cache")
            (IFloorDiv [W R R] 2 "b //= c, result in a; cache")
            (IMod [W R R] 2 "b %= c, result in a; cache")
            (IPow [W R R] 2 "b **= c, result in a; cache")
            (IMatMul [W R R] 2 "b @= c, result in a; cache")
            (IShl [W R R] 2 "b <<= c, result in a; cache")
            (IShr [W R R] 2 "b >>= c, result in a; cache")
            (IAnd [W R R] 2 "b &= c, result in a; cache")
            (IOr [W R R] 2 "b |= c, result in a; cache")
            (IXor [W R R] 2 "b ^= c, result in a; cache")
            (AddImm [W R I] 1 "a = b + immediate")
            (SubImm [W R I] 1 "a = b - immediate")
            (MulImm [W R I] 1 "a = b * immediate")
            (FloorDivImm [W R I] 1 "a = b // immediate")
            (ModImm [W R I] 1 "a = b % immediate")
            (ShlImm [W R I] 1 "a = b << immediate")
            (ShrImm [W R I] 1 "a = b >> immediate")
            (AndImm [W R I] 1 "a = b & immediate")
            (IAddImm [W R I] 1 "b += immediate, result in a")
            (ISubImm [W R I] 1 "b -= immediate, result in a")
            (Neg [W R _] 1 "a = -b")
            (Pos [W R _] 1 "a = +b")
            (Invert [W R _] 1 "a = ~b")
            (Not [W R _] 1 "a = not b")
            (ToBool [W R _] 1 "a = bool(b)")

            // Comparisons.
            (Lt [W R R] 1 "a = b < c")
            (Le [W R R] 1 "a = b <= c")
            (Eq [W R R] 1 "a = b == c")
            (Ne [W R R] 1 "a = b != c")
            (Gt [W R R] 1 "a = b > c")
            (Ge [W R R] 1 "a = b >= c")
            (Is [W R R] 1 "a = b is c")
            (IsNot [W R R] 1 "a = b is not c")
            (In [W R R] 1 "a = b in c")
            (NotIn [W R R] 1 "a = b not in c")

            // Jumps. A conditional jump on a comparison is taken if the comparison holds; the `Not` forms if it does not.
            (Jump [_ L H] 1 "jump forwards")
            (JumpBack [_ L H] 1 "jump backwards, testing the check word")
            (JumpFor [_ L H] 1 "as JumpBack, to a ForIter, which it executes at once")
            (JumpIfTrue [R L H] 1 "jump if a is true")
            (JumpIfFalse [R L H] 1 "jump if a is false")
            (JumpIfNone [R L H] 1 "jump if a is None")
            (JumpIfNotNone [R L H] 1 "jump if a is not None")
            (JumpLt [R R J] 1 "jump if a < b")
            (JumpLe [R R J] 1 "jump if a <= b")
            (JumpEq [R R J] 1 "jump if a == b")
            (JumpNe [R R J] 1 "jump if a != b")
            (JumpGt [R R J] 1 "jump if a > b")
            (JumpGe [R R J] 1 "jump if a >= b")
            (JumpNotLt [R R J] 1 "jump unless a < b")
            (JumpNotLe [R R J] 1 "jump unless a <= b")
            (JumpNotEq [R R J] 1 "jump unless a == b")
            (JumpNotNe [R R J] 1 "jump unless a != b")
            (JumpNotGt [R R J] 1 "jump unless a > b")
            (JumpNotGe [R R J] 1 "jump unless a >= b")
            (JumpLtImm [R I J] 1 "jump if a < immediate")
            (JumpLeImm [R I J] 1 "jump if a <= immediate")
            (JumpEqImm [R I J] 1 "jump if a == immediate")
            (JumpNeImm [R I J] 1 "jump if a != immediate")
            (JumpGtImm [R I J] 1 "jump if a > immediate")
            (JumpGeImm [R I J] 1 "jump if a >= immediate")
            (JumpNotLtImm [R I J] 1 "jump unless a < immediate")
            (JumpNotLeImm [R I J] 1 "jump unless a <= immediate")
            (JumpNotEqImm [R I J] 1 "jump unless a == immediate")
            (JumpNotNeImm [R I J] 1 "jump unless a != immediate")
            (JumpNotGtImm [R I J] 1 "jump unless a > immediate")
            (JumpNotGeImm [R I J] 1 "jump unless a >= immediate")
            (JumpIsNotBuiltin [R I J] 1 "jump unless a is the builtin of that number in CONSUMERS")
            (JumpIs [R R J] 1 "jump if a is b")
            (JumpIsNot [R R J] 1 "jump if a is not b")

            // Loops and unpacking.
            (GetIter [W R _] 1 "a = iter(b)")
            (ForIter [W X J] 2 "a = next(b); at its end b is dropped and the jump taken; cache")
            (UnpackSequence [V R U] 1 "c registers from a = the c items of b")
            (UnpackEx [V R U] 1 "unpack b with a starred target: low byte of c items before it, high byte after it")

            // Calls and functions.
            (Call [W Win U] 2 "a = callable(c arguments of window b); cache")
            (CallKw [W Win U] 2 "as Call; the window's extra slot holds the tuple of the last arguments' names; cache")
            (CallMethod [W Win U] 3 "a = (arg0 of window b).name(the c arguments after it); name word, cache")
            (CallMethodKw [W Win U] 3 "as CallMethod, with names as CallKw; name word, cache")
            (CallSuper [W Win U] 2 "a = callable(arg0, c arguments after it), without arg0 if LoadSuperMethod has left it empty; cache")
            (CallEx [W Win _] 1 "a = callable(*arg0, **arg1) of window b: a tuple, and a dict or nothing")
            (Return [R _ _] 1 "return a")
            (ReturnNone [_ _ _] 1 "return None")
            (MakeFunction [W T K] 2 "a = function: code constant in the low 32 bits of the next word (c unused, zero); b: defaults, keyword defaults, annotate, closure, each empty if there is none; four temporaries")
            (StarArgs [W R X] 1 "a = b if it is a tuple, else tuple(b): positional arguments for CallEx (TypeError names the callable in c: argument after * must be an iterable)")
            (StarKwargs [W R X] 1 "a = b if it is a dict, else a new dict of the mapping b: named arguments for CallEx (TypeError names the callable in c: argument after ** must be a mapping)")
            (LoadBuildClass [W _ _] 1 "a = builtins.__build_class__")

            // Building.
            (BuildTuple [W T U] 1 "a = tuple of c temporaries from b")
            (BuildList [W T U] 1 "a = list of c temporaries from b")
            (BuildSet [W T U] 1 "a = set of c temporaries from b")
            (BuildMap [W T U] 1 "a = dict of c pairs of temporaries from b")
            (BuildString [W T U] 1 "a = concatenation of c strings from b")
            (ListAppend [X R _] 1 "a.append(b), a is a list of this frame")
            (SetAdd [X R _] 1 "a.add(b), a is a set of this frame")
            (MapAdd [X R R] 1 "a[b] = c, a is a dict of this frame")
            (ListExtend [X R _] 1 "extend the list a by the iterable b (TypeError names the value after *)")
            (SetUpdate [X R _] 1 "add the items of the iterable b to the set a")
            (DictUpdate [X R _] 1 "update the dict a from the mapping b (TypeError: 'x' object is not a mapping)")
            (DictMerge [X R X] 1 "as DictUpdate, a repeated key is a TypeError that names the callable in c")
            (ListToTuple [W R _] 1 "a = tuple(b), b is a list of this frame")
            (Convert [W R U] 1 "a = str, repr or ascii (c = 1, 2, 3) of b")
            (FormatSimple [W R _] 1 "a = format(b, '')")
            (FormatSpec [W R R] 1 "a = format(b, c)")
            (BuildInterpolation [W T U] 1 "a = Interpolation(b: value, expression text, format spec or empty), conversion c; three temporaries")
            (BuildTemplate [W T _] 1 "a = Template(b: tuple of strings, b+1: tuple of interpolations); two temporaries")

            // Exceptions and context managers.
            (PushExcInfo [W X _] 1 "a = the exception being handled; b becomes it")
            (PopExcInfo [R _ _] 1 "the exception being handled = a")
            (MatchExc [W X R] 1 "a = does exception b match c (class or tuple of classes, checked)")
            (MatchExcStar [V X R] 1 "split exception b (None: both parts None) by c: a = the matching part or None, a+1 = the rest or None")
            (PrepReraiseStar [W R R] 1 "a = the exception to raise after except*: b the original, c the list of what is left; None if nothing")
            (Raise [R R _] 1 "raise a from b; b empty: no cause")
            (RaiseCurrent [_ _ _] 1 "raise the exception being handled again")
            (Reraise [R _ _] 1 "raise a again, its traceback unchanged")
            (WithEnter [V R _] 1 "a = bound __exit__ of b, a+1 = result of its __enter__")
            (WithExit [W R _] 1 "a = b(None, None, None)")
            (WithExitExc [W R X] 1 "a = b(type, value, traceback of exception c)")
            (AsyncWithEnter [V R _] 1 "a = bound __aexit__ of b, a+1 = the awaitable of its __aenter__")
            (RaiseNotImplemented [_ _ _] 1 "raise NotImplementedError(): the annotation format asked for is not known here")
            (AssertFail [R _ _] 1 "raise AssertionError(a), without argument if a is empty")

            // Generators and coroutines.
            (ReturnGenerator [_ _ _] 1 "return a new generator, coroutine or asynchronous generator that goes on behind this instruction")
            (Yield [W R U] 1 "suspend and give b; when resumed a = the value sent. c: how many registers may hold something meanwhile, from the first on; flag 8: inside `yield from`/`await`, delegating to the iterator in register a+1")
            (GetYieldFromIter [W R _] 1 "a = iter(b) for `yield from`")
            (GetAwaitable [W R U] 1 "a = the iterator to await b; c: 0 await, 1 from __aenter__, 2 from __aexit__")
            (Send [V R J] 1 "a = result of sending b to the iterator in a+1; when it returns, a = its value, a+1 is dropped and the jump taken")
            (AsyncGenWrap [W R _] 1 "a = b wrapped as a value yielded by an asynchronous generator")
            (GetAiter [W R _] 1 "a = b.__aiter__()")
            (GetAnext [W X _] 1 "a = the iterator to await of b.__anext__()")
            (EndAsyncFor [R R J] 1 "exception a of the loop's __anext__: jump if StopAsyncIteration (dropping a and iterator b), else raise it again")
            (StopIterationError [R _ _] 1 "raise exception a; a StopIteration leaving a generator becomes a RuntimeError")
            (GeneratorError [R K H] 1 "as StopIterationError where the loops of a generator expression, whose code is the constant, ran in its caller: its frame is put into the traceback")

            // Pattern matching.
            (MatchMapping [W X _] 1 "a = is b a mapping")
            (MatchSequence [W X _] 1 "a = is b a sequence")
            (MatchKeys [W X R] 1 "a = tuple of b's values for the keys in tuple c, or None")
            (MatchClass [W X T] 1 "a = tuple of attributes of b, or None: class in c, tuple of names in c+1, count of positional patterns (an int) in c+2")
            (GetLen [W X _] 1 "a = len(b)")
            (MatchRest [W X R] 1 "a = new dict of the mapping b without the keys in tuple c")

            // Imports.
            (ImportName [W T N] 1 "a = __import__(name, fromlist = b+1, level = b); two temporaries")
            (ImportFrom [W X N] 1 "a = b.name, ImportError if there is none")
            (ImportStar [R _ _] 1 "bind the public names of module a in the namespace")

            // The rest.
            (SetupAnnotations [_ _ _] 1 "namespace['__annotations__'] = {} unless it is there")
            (PrintExpr [R _ _] 1 "sys.displayhook(a)")
            (TypeVar [W R U] 1 "a = type parameter named b; c: 0 TypeVar, 1 ParamSpec, 2 TypeVarTuple")
            (TypeVarBound [W T U] 1 "a = TypeVar named b with lazy bound (c = 1) or constraints (c = 2) computed by function b+1")
            (TypeParamDefault [X R _] 1 "lazy default of type parameter a = function b")
            (TypeAlias [W T _] 1 "a = type alias: name b, type parameters b+1 or None, function of the value b+2")
            (SubscriptGeneric [W R _] 1 "a = Generic[*b], b a tuple of type parameters")
            (SetTypeParams [X R _] 1 "function a.__type_params__ = b")
            (Link [_ _ _] 1 "link the code of this frame, of which nothing has run yet, and begin it; never compiled")

            // Put in place of others when code is linked, where a is a temporary: it holds nothing that would have to be dropped.
            (MoveToTemp [W R _] 1 "as Move, which consumes b")
            (CopyToTemp [W R _] 1 "as Move, which leaves b as it is")
            (LoadConstToTemp [W K H] 2 "as LoadConst")
            (LoadIntToTemp [W S H] 1 "as LoadInt")
            (LoadNoneToTemp [W _ _] 1 "as LoadNone")
            (LoadGlobalToTemp [W N _] 4 "as LoadGlobal")
            (LoadFreeToTemp [W F _] 1 "as LoadFree")
            (LoadAttrToTemp [W R N] 2 "as LoadAttr")

            // The same where the next instruction consumes a, and needs no count: it may be lent what is found.
            (LoadGlobalLent [W N _] 4 "as LoadGlobal")
            (LoadFreeLent [W F _] 1 "as LoadFree")
            (LoadAttrLent [W R N] 2 "as LoadAttr")
            (GetItemLent [W R R] 2 "as GetItem")
            (GetItemImmLent [W R I] 2 "as GetItemImm")
        }
    };
}
