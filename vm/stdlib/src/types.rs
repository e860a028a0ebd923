//! `_types`: the types that `types` names.

use ungil_runtime::objects::module::add;
use ungil_runtime::prelude::*;

const TYPES: &[(&str, Builtin)] = &[
    ("AsyncGeneratorType", Builtin::AsyncGen),
    ("BuiltinFunctionType", Builtin::NativeFunction),
    ("BuiltinMethodType", Builtin::NativeFunction),
    ("CapsuleType", Builtin::Capsule),
    ("CellType", Builtin::Cell),
    ("ClassMethodDescriptorType", Builtin::ClassMethodDescriptor),
    ("CodeType", Builtin::Code),
    ("CoroutineType", Builtin::Coroutine),
    ("EllipsisType", Builtin::EllipsisType),
    ("FrameType", Builtin::Frame),
    ("FunctionType", Builtin::Function),
    ("GeneratorType", Builtin::Generator),
    ("GenericAlias", Builtin::GenericAlias),
    ("GetSetDescriptorType", Builtin::GetSet),
    ("LambdaType", Builtin::Function),
    ("MappingProxyType", Builtin::MappingProxy),
    ("MemberDescriptorType", Builtin::MemberDescriptor),
    ("MethodDescriptorType", Builtin::MethodDescriptor),
    ("MethodType", Builtin::BoundMethod),
    ("MethodWrapperType", Builtin::MethodWrapper),
    ("ModuleType", Builtin::Module),
    ("NoneType", Builtin::NoneType),
    ("NotImplementedType", Builtin::NotImplementedType),
    ("SimpleNamespace", Builtin::SimpleNamespace),
    ("TracebackType", Builtin::Traceback),
    ("UnionType", Builtin::UnionType),
    ("WrapperDescriptorType", Builtin::WrapperDescriptor),
];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    for &(name, which) in TYPES {
        let class = cx.builtin(which).as_ref().own(cx);
        add(cx, module, name, class);
    }
    Ok(())
}
