//! The names that CPython's `site` adds to `builtins`: `exit`, `quit`, `help`, `copyright`, `credits` and `license`.
//!
//! Its other work, the folders of installed packages, is not done.

use ungil_runtime::import::import_module;
use ungil_runtime::objects::module::add;
use ungil_runtime::prelude::*;

const CREDITS: &str = "\
Thanks to CWI, CNRI, BeOpen, Zope Corporation, the Python Software
Foundation, and a cast of thousands for supporting Python
development.  See www.python.org for more information.";
const LICENSE: &str = "See https://www.python.org/psf/license/";

/// Adds the names to `builtins`.
///
/// # Errors
/// What loading `_sitebuiltins` raises.
pub fn add_builtins(cx: &mut Cx) -> R<()> {
    let module = import_module(cx, "_sitebuiltins")?;
    let builtins = import_module(cx, "builtins")?;
    let quitter = cx.get_attr_str(module.r(), "Quitter")?;
    for name in ["quit", "exit"] {
        let (text, eof) = (cx.str(name), cx.str("Ctrl-D (i.e. EOF)"));
        let made = cx.call(quitter.r(), &[text.r(), eof.r()])?;
        add(cx, &builtins, name, made);
    }
    let helper = cx.get_attr_str(module.r(), "_Helper")?;
    let made = cx.call(helper.r(), &[])?;
    add(cx, &builtins, "help", made);
    let printer = cx.get_attr_str(module.r(), "_Printer")?;
    let sys = import_module(cx, "sys")?;
    let copyright = cx.get_attr_str(sys.r(), "copyright")?;
    let (credits, license) = (cx.str(CREDITS), cx.str(LICENSE));
    for (name, text) in [("copyright", copyright), ("credits", credits), ("license", license)] {
        let made = printed(cx, &printer, name, text)?;
        add(cx, &builtins, name, made);
    }
    Ok(())
}

/// An object that shows a text, as `_Printer` makes it of a text without files; it would import `os` for that.
fn printed(cx: &mut Cx, class: &Obj, name: &str, text: Obj) -> R {
    let made = cx.call_method(class.r(), "__new__", &[class.r()])?;
    let (name, lines) = (cx.str(name), cx.none());
    let files = cx.list(Vec::new());
    for (field, value) in [("name", name), ("data", text), ("lines", lines), ("filenames", files)] {
        let field = cx.str(&format!("_Printer__{field}"));
        cx.set_attr(made.r(), field.r(), value)?;
    }
    Ok(made)
}
