//! The command line: what was typed, and what becomes of the process.
//!
//! The answer goes to standard output and everything else to standard error, so that a pipe never carries a complaint.
//! A reader that goes away ends podgate quietly.

pub mod applied;
pub mod arguments;
pub mod check;
pub mod collect;
pub mod complaints;
pub mod eval;
pub mod explain;
pub mod fix;
pub mod hunks;
pub mod input;
pub mod manifest;
pub mod namespaces;
pub mod plug_in;
pub mod policies;
pub mod render;
pub mod report;
pub mod request;
pub mod serve;
pub mod surroundings;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// Decides about Pods: which may run, and with what their authors left out
#[derive(Debug, Parser)]
#[command(name = "podgate", version, max_term_width = 100, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say of manifests what the webhooks would: decision, violations and edits
    Check(Box<arguments::Check>),
    /// Print the value of an expression as JSON
    Eval(Box<eval::Eval>),
    /// Be the webhook that an API server calls
    Serve(Box<serve::arguments::Serve>),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Nothing is denied.
    Clean = 0,
    /// Something is denied.
    Denied = 1,
    /// podgate could not do its work.
    Failed = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Does what the arguments of the process say.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let mut command = Cli::command();
    if is_plugin(&arguments) {
        command = command.bin_name("kubectl podgate");
    }
    let cli = command.try_get_matches_from_mut(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    let ended = match cli {
        // A closed pipe is the only way for this to fail, and nobody is left to be told.
        Err(error) => error.print().map(|()| if error.use_stderr() { Exit::Failed } else { Exit::Clean }),
        Ok(Cli { command: Command::Check(check) }) => check::run(&check),
        Ok(Cli { command: Command::Eval(eval) }) => eval::run(&eval),
        Ok(Cli { command: Command::Serve(serve) }) => serve::run(&serve),
        Ok(Cli { command: Command::Completions { shell } }) => completions(shell),
    };
    match ended {
        Ok(exit) => exit.into(),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Clean.into(),
        Err(error) => {
            // Where this cannot be written either, the exit code still says it.
            let _ = writeln!(io::stderr(), "error: standard output cannot be written: {error}");
            Exit::Failed.into()
        }
    }
}

/// Whether kubectl runs podgate, as it does any program on the path that is named `kubectl-NAME`.
fn is_plugin(arguments: &[OsString]) -> bool {
    let name = arguments.first().and_then(|program| Path::new(program).file_stem());
    name.and_then(|name| name.to_str()).is_some_and(|name| name == "kubectl-podgate")
}

fn completions(shell: clap_complete::Shell) -> io::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "podgate", &mut script);
    io::stdout().write_all(&script)?;
    Ok(Exit::Clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn kubectl_is_recognised_by_the_name_of_the_program() {
        for (program, expected) in
            [("podgate", false), ("/usr/bin/kubectl-podgate", true), ("kubectl-podgate.exe", true)]
        {
            assert_eq!(is_plugin(&[program.into()]), expected, "{program}");
        }
        assert!(!is_plugin(&[]));
    }
}
