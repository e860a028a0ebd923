//! The command line, as CPython's is read.

use ungil_runtime::Config;

/// What to run.
#[derive(Debug)]
pub enum Action {
    /// `-c CODE`
    Code(String),
    /// `-m NAME`
    Module(String),
    /// A file.
    File(String),
    /// The `__main__` of a folder or an archive, which `sys.path[0]` is.
    Main,
    /// Standard input.
    Stdin,
    /// `-V`, `-VV`
    Version(u8),
    /// `--dis FILE`
    Disassemble(String),
    /// `-h`
    Help,
}

/// The options' help text.
pub const HELP: &str = "\
usage: ungil [option] ... [-c cmd | -m mod | file | -] [arg] ...
Options:
-B     : don't write .pyc files on import
-c cmd : program passed in as string (terminates option list)
-d     : sys.flags.debug; nothing else
-E     : ignore PYTHON* environment variables
-h     : print this help message and exit (also -? or --help)
-i     : type statements after the program has run
-I     : isolate from the user's environment (implies -E and -s)
-m mod : run library module as a script (terminates option list)
-O     : remove assert statements
-OO    : do -O changes and also discard docstrings
-P     : don't prepend a potentially unsafe path to sys.path
-q     : don't print version on interactive startup
-R     : use random hashes of strings, whatever PYTHONHASHSEED says
-s     : don't add user site directory to sys.path
-S     : don't imply 'import site' on initialization
-u     : force the stdout and stderr streams to be unbuffered
-v     : verbose
-V     : print the version number and exit (also --version)
-W arg : warning control
-x     : skip the first line of the source
-X opt : set implementation-specific option
-X timeline=file : record who runs, waits or blocks when, per thread, for Perfetto
--dis file : print the bytecode of a file
";

/// Reads the arguments (the program's name first).
///
/// # Errors
/// The text for standard error; the program ends with 2.
pub fn parse(args: &[String]) -> Result<(Config, Action), String> {
    let mut config = Config { orig_argv: args.to_vec(), ..Config::default() };
    let mut at = 1;
    while let Some(arg) = args.get(at) {
        let (Some(flags), false) = (arg.strip_prefix('-'), arg == "-") else { break };
        at += 1;
        match flags {
            "-" => break,
            "-help" => return Ok((config, Action::Help)),
            "-version" => return Ok((config, Action::Version(1))),
            "-dis" => {
                let file = args.get(at).cloned().ok_or("Argument expected for the --dis option\n")?;
                return Ok((config, Action::Disassemble(file)));
            }
            _ => {}
        }
        if flags.starts_with('-') {
            return Err(format!("Unknown option: -{flags}\n{}", usage(args)));
        }
        for (i, flag) in flags.char_indices() {
            let rest = &flags[i + 1..];
            if matches!(flag, 'c' | 'm' | 'W' | 'X') {
                let value = match rest.is_empty() {
                    false => rest.to_string(),
                    true => {
                        at += 1;
                        let value = args.get(at - 1).cloned();
                        value.ok_or_else(|| {
                            format!("Argument expected for the -{flag} option\n{}", usage(args))
                        })?
                    }
                };
                match flag {
                    'c' => {
                        config.argv =
                            std::iter::once("-c".to_string()).chain(args[at..].iter().cloned()).collect();
                        return Ok((config, Action::Code(value)));
                    }
                    'm' => {
                        config.argv =
                            std::iter::once("-m".to_string()).chain(args[at..].iter().cloned()).collect();
                        return Ok((config, Action::Module(value)));
                    }
                    'W' => config.warn_options.push(value),
                    _ => {
                        let (name, value) = match value.split_once('=') {
                            Some((name, value)) => (name.to_string(), Some(value.to_string())),
                            None => (value, None),
                        };
                        config.x_options.push((name, value));
                    }
                }
                break;
            }
            if let Some(action) =
                plain_flag(&mut config, flag, flags).map_err(|e| format!("{e}{}", usage(args)))?
            {
                return Ok((config, action));
            }
        }
    }
    config.argv = args[at.min(args.len())..].to_vec();
    let action = match config.argv.first().map(String::as_str) {
        None | Some("-") => Action::Stdin,
        Some(file) => Action::File(file.to_string()),
    };
    if config.argv.is_empty() {
        config.argv.push(String::new());
    }
    Ok((config, action))
}

fn usage(args: &[String]) -> String {
    let program = args.first().map_or("ungil", String::as_str);
    format!(
        "usage: {program} [option] ... [-c cmd | -m mod | file | -] [arg] ...\nTry `{program} -h' for more information.\n"
    )
}

fn plain_flag(config: &mut Config, flag: char, all: &str) -> Result<Option<Action>, String> {
    match flag {
        'B' => config.dont_write_bytecode = true,
        'b' => config.bytes_warning += 1,
        'd' => config.debug += 1,
        'E' => config.ignore_environment = true,
        'I' => {
            (config.isolated, config.ignore_environment, config.no_user_site, config.safe_path) =
                (true, true, true, true)
        }
        'i' => (config.inspect, config.interactive) = (true, true),
        'O' => config.optimize += 1,
        'P' => config.safe_path = true,
        'q' => config.quiet = true,
        'R' => config.random_hashes = true,
        's' => config.no_user_site = true,
        'S' => config.no_site = true,
        'u' => config.unbuffered = true,
        'v' => config.verbose += 1,
        'x' => config.skip_first_line = true,
        'h' | '?' => return Ok(Some(Action::Help)),
        'V' => return Ok(Some(Action::Version(all.matches('V').count() as u8))),
        other => return Err(format!("Unknown option: -{other}\n")),
    }
    Ok(None)
}
