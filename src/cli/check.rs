//! `podgate check`: what the webhooks would say of manifests, without a cluster.
//!
//! All texts are read first, because a Namespace may stand in any of them; then each document is parsed, judged and
//! reported by itself, so the memory of a run is that of its texts and of one file.

pub mod judge;
mod session;

use std::collections::HashSet;
use std::fs;
use std::io::{self, BufWriter, Write};

use bumpalo::Bump;
use jiff::Timestamp;

use crate::cli::Exit;
use crate::cli::arguments::{AskedOperation, Check, FailOn, Format};
use crate::cli::check::judge::Judge;
use crate::cli::check::session::Session;
use crate::cli::complaints::Complaints;
use crate::cli::fix;
use crate::cli::input::{self, Input};
use crate::cli::policies;
use crate::cli::render::snippet::Snippets;
use crate::cli::render::{self, Palette};
use crate::cli::report::{ExceptionUse, Head, PolicySource, PolicyUse, Report, SCHEMA_VERSION, Tail};
use crate::cli::surroundings::{Before, Surroundings};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::policy::set::PolicySet;

/// An output whose reader may go away, as `head` does. The exit code is still the answer, so the work goes on.
struct WhileRead<W> {
    out: W,
    is_read: bool,
}

impl<W: Write> WhileRead<W> {
    fn still<T>(&mut self, nothing: T, write: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        if !self.is_read {
            return Ok(nothing);
        }
        match write(&mut self.out) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_read = false;
                Ok(nothing)
            }
            result => result,
        }
    }
}

impl<W: Write> Write for WhileRead<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.still(bytes.len(), |out| out.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.still((), Write::flush)
    }
}

/// Checks what the arguments name.
///
/// # Errors
/// If standard output cannot be written.
pub fn run(check: &Check) -> io::Result<Exit> {
    let [answer, conversation] = Palette::both(check.color);
    let mut complaints = match check.output {
        Format::Json => Complaints::kept(),
        _ => Complaints::printed(Snippets::new(conversation)),
    };
    // Where standard output is for files, the report is conversation.
    let is_aside = check.diff || check.fix && check.output == Format::Text && reads_stdin(check);
    let stream: Box<dyn Write> = if is_aside { Box::new(io::stderr()) } else { Box::new(io::stdout()) };
    let mut out = BufWriter::with_capacity(1 << 16, WhileRead { out: stream, is_read: true });
    let mut renderer = render::renderer(check, if is_aside { conversation } else { answer }, conversation);
    let is_ready = is_sensible(check, &mut complaints);
    let loaded = if is_ready { policies::load(&check.policies, &mut complaints) } else { None };
    let is_loaded = loaded.is_some();
    let now = check.request.now.unwrap_or_else(|| {
        let now = Timestamp::now();
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    });
    let mut head = head(check, now);
    let mut tail = Tail::default();
    let mut is_denied = false;
    if let Some(loaded) = loaded {
        let inputs = input::read(&check.inputs, &mut |complaint| complaints.take(complaint, None));
        let loaded = policies::with_exceptions(loaded, &inputs, &check.request.namespaces, now, &mut complaints);
        let arena = Bump::new();
        let [old, limit_ranges] =
            [check.request.old.as_slice(), &check.request.limit_range].map(|paths| read_files(paths, &mut complaints));
        let (surroundings, before) = gather(&arena, check, &inputs, &old, &limit_ranges, now, &mut complaints);
        let judge = Judge { check, policies: &loaded, surroundings: &surroundings, before: &before };
        let fixed = if check.fix || check.diff { fixed(judge, &inputs, answer, &mut complaints)? } else { Vec::new() };
        let mut session = Session::new(judge, &mut *renderer, &mut out, &mut complaints);
        for (index, input) in inputs.iter().enumerate() {
            match fixed.get(index) {
                Some(file) => session.input(&Input { text: file.text.clone(), ..input.clone() }, Some(file))?,
                None => session.input(input, None)?,
            }
        }
        let found = session.finish();
        (tail, is_denied) = (found.tail, found.is_denied);
        head.policy_set = Some(loaded.set.digest().to_owned());
        head.policies = policies_used(&loaded.set, &found.matched);
        head.exceptions = exceptions_used(&loaded.set, &found.matched);
        if let Some(missing) = found.missing.filter(|_| !found.is_field_known) {
            let help = did_you_mean(missing.near);
            complaints.take(Diagnostic { help, ..Diagnostic::error(None, missing.to_string()) }, None);
        }
        if found.documents == 0 && complaints.errors() == 0 {
            complaints.take(nothing_found(&inputs), None);
        }
    }
    tail.summary.errors += complaints.errors();
    let exit = match (complaints.errors(), check.fail_on) {
        (1.., _) => Exit::Failed,
        (0, _) if is_denied => Exit::Denied,
        (0, FailOn::Warn) if tail.summary.warnings > 0 => Exit::Denied,
        (0, _) => Exit::Clean,
    };
    // What is doubtful about a policy is no fault of the objects, and decides nothing about them.
    tail.summary.warnings += complaints.warnings();
    let (errors, warnings) = complaints.into_kept();
    tail.errors = errors.into_iter().map(Into::into).collect();
    tail.warnings = warnings.into_iter().map(Into::into).collect();
    if is_loaded || check.output == Format::Json {
        renderer.finish(&mut out, &Report { head, tail, asked_policies: check.policies.join(", ") })?;
    }
    out.flush()?;
    Ok(exit)
}

fn reads_stdin(check: &Check) -> bool {
    check.inputs.iter().any(|path| path.as_os_str() == "-")
}

/// Complains about arguments that clap cannot know to be wrong.
fn is_sensible(check: &Check, complaints: &mut Complaints) -> bool {
    if check.inputs.is_empty() {
        let help = "name files or folders, or `-` for standard input: `podgate check app.yaml`";
        complaints.take(Diagnostic::error(None, "there is nothing to check").help(help), None);
    }
    if check.request.operation == Some(AskedOperation::Update) && check.request.old.is_none() {
        let help = "name the file that holds the objects as they are with `--old FILE`";
        complaints.take(Diagnostic::error(None, "`--operation UPDATE` needs the old objects").help(help), None);
    }
    if check.explain.is_some() && !matches!(check.output, Format::Text | Format::Json) {
        let help = "leave out `--output`, or ask for `--output json`";
        complaints.take(Diagnostic::error(None, "`--explain` answers in text or in JSON").help(help), None);
    }
    if (check.fix || check.diff) && !matches!(check.output, Format::Text | Format::Json) {
        let help = "leave out `--output`, or ask for `--output json`";
        complaints.take(Diagnostic::error(None, "`--fix` answers in text or in JSON").help(help), None);
    }
    if check.fix && check.output == Format::Json && reads_stdin(check) {
        let help = "name a file, or leave out `--output`";
        let message = "`--fix` writes standard input to standard output, where the JSON would go too";
        complaints.take(Diagnostic::error(None, message).help(help), None);
    }
    complaints.errors() == 0
}

/// The inputs with all that can be fixed in them, written where they belong or shown as a diff. Nothing is written if
/// something could not be read: what is not known might say otherwise.
fn fixed(
    judge: Judge<'_>,
    inputs: &[Input],
    palette: Palette,
    complaints: &mut Complaints,
) -> io::Result<Vec<fix::File>> {
    let mut out = WhileRead { out: io::stdout().lock(), is_read: true };
    let is_whole = complaints.errors() == 0;
    let mut shown = HashSet::new();
    let mut files = Vec::with_capacity(inputs.len());
    for input in inputs {
        let file = fix::fixed(judge, input);
        let Input { name, text, path } = input;
        let is_refused = match path {
            _ if judge.check.diff => {
                let path = path.as_ref().map(|path| fs::canonicalize(path).unwrap_or_else(|_| path.clone()));
                // A patch takes each change once, by whatever names its file was asked for.
                if path.is_none_or(|path| shown.insert(path)) {
                    fix::diff::write(&mut out, palette, name, text, &file.text)?;
                }
                false
            }
            None => {
                out.write_all(file.text.as_bytes())?;
                false
            }
            Some(_) if file.is_unchanged() => false,
            Some(_) if !is_whole => true,
            Some(path) => fix::write(path, text, &file.text).map_err(|refused| complaints.take(refused, None)).is_err(),
        };
        files.push(if is_refused { file.unwritten(text.clone()) } else { file });
    }
    out.flush()?;
    Ok(files)
}

fn nothing_found(inputs: &[Input]) -> Diagnostic {
    match inputs {
        [input] => Diagnostic::error(None, format!("`{}` holds no document", input.name)),
        _ => Diagnostic::error(None, "the files hold no document"),
    }
}

fn read_files(paths: &[std::path::PathBuf], complaints: &mut Complaints) -> Vec<Input> {
    let mut inputs = Vec::with_capacity(paths.len());
    for path in paths {
        match input::read_file(path) {
            Ok(input) => inputs.push(input),
            Err(complaint) => complaints.take(complaint, None),
        }
    }
    inputs
}

fn gather<'a>(
    arena: &'a Bump,
    check: &'a Check,
    inputs: &'a [Input],
    old: &'a [Input],
    limit_ranges: &'a [Input],
    now: Timestamp,
    complaints: &mut Complaints,
) -> (Surroundings<'a>, Before<'a>) {
    let namespace = check.request.namespace.as_str();
    let mut surroundings = Surroundings::gather(arena, inputs, namespace, now, |complaint, input| {
        complaints.take(complaint, Some(&input.text));
    });
    for input in limit_ranges {
        surroundings.add_limit_ranges(arena, input, |complaint| complaints.take(complaint, Some(&input.text)));
    }
    let mut before = Before::default();
    for input in old {
        before = Before::gather(arena, input, namespace, |complaint| complaints.take(complaint, Some(&input.text)));
    }
    (surroundings, before)
}

fn head(check: &Check, now: Timestamp) -> Head {
    Head {
        schema_version: SCHEMA_VERSION,
        podgate: env!("CARGO_PKG_VERSION"),
        kubernetes: check.request.kubernetes.to_string(),
        way: check.request.way.name(),
        now: now.to_string(),
        policy_set: None,
        policies: Vec::new(),
        exceptions: Vec::new(),
    }
}

fn policies_used(set: &PolicySet, matched: &session::Matched) -> Vec<PolicyUse> {
    let used = set.policies().iter().map(|policy| PolicyUse {
        id: policy.id.clone(),
        source: PolicySource { file: policy.place.file.clone(), line: policy.place.span.line },
        digest: policy.digest.clone(),
        matched: matched.times(&policy.id),
    });
    used.collect()
}

fn exceptions_used(set: &PolicySet, matched: &session::Matched) -> Vec<ExceptionUse> {
    let used = set.exceptions().iter().map(|exception| ExceptionUse {
        id: exception.id.clone(),
        source: PolicySource { file: exception.place.file.clone(), line: exception.place.span.line },
        digest: exception.digest.clone(),
        expires: exception.expires.map(|expires| expires.to_string()),
        reason: exception.reason.clone(),
        used: matched.times(&exception.id),
    });
    used.collect()
}
