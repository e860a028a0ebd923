//! Exception classes of native modules. They are made while their module is, and live as long as the process.

use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::module::add;
use ungil_runtime::prelude::*;

/// An exception class that natives raise.
pub struct Class(OnceLock<SharedValue>);

impl Class {
    pub const fn new() -> Class {
        Class(OnceLock::new())
    }

    /// Makes the class `name`, whose `__module__` is `owner`, and adds it to the module.
    ///
    /// # Errors
    /// What making a class raises.
    pub fn init(&self, cx: &mut Cx, module: &Obj, owner: &str, name: &str, base: Builtin) -> R<()> {
        let base = cx.builtin(base).as_ref();
        self.init_under(cx, module, owner, name, base)
    }

    /// As [`Class::init`], under any class.
    ///
    /// # Errors
    /// What making a class raises.
    pub fn init_under(&self, cx: &mut Cx, module: &Obj, owner: &str, name: &str, base: Ref<'_>) -> R<()> {
        if self.0.get().is_none() {
            let namespace = PyDict::new(cx);
            let owner = cx.str(owner);
            if let Some(dict) = namespace.downcast::<PyDict>(cx) {
                dict.set_str(cx, cx.vm.names.module.get(), owner);
            }
            let bases = vec![base.own(cx)];
            let (bases, text) = (cx.tuple(bases), cx.str(name));
            let class = cx.call(cx.builtin(Builtin::Type).as_ref(), &[text.r(), bases.r(), namespace.r()])?;
            self.0.get_or_init(|| SharedValue::new(class));
        }
        let class = self.get().own(cx);
        add(cx, module, name, class);
        Ok(())
    }

    /// The class.
    pub fn get(&self) -> Ref<'static> {
        match self.0.get() {
            Some(class) => class.get(),
            None => Ref::immediate(Value::NONE),
        }
    }

    /// An exception of the class.
    #[cold]
    pub fn error(&self, cx: &mut Cx, message: impl AsRef<str>) -> Err {
        cx.error_of(self.get(), message.as_ref())
    }
}
