//! `_datetime`: the classes of `_pydatetime` under the name of CPython's module in C.

use ungil_runtime::import::import_module;
use ungil_runtime::objects::module::add;
use ungil_runtime::prelude::*;

const NAMES: [&str; 9] =
    ["MAXYEAR", "MINYEAR", "UTC", "date", "datetime", "time", "timedelta", "timezone", "tzinfo"];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    let source = import_module(cx, "_pydatetime")?;
    for name in NAMES {
        let v = cx.get_attr_str(source.r(), name)?;
        add(cx, module, name, v);
    }
    Ok(())
}
