//! The answers of `--explain` below the line for an object.

use std::io::{self, Write};

use super::change::named;
use super::{IN_PODS, Text};
use crate::cli::explain::Explained;
use crate::cli::input::Input;
use crate::cli::report::{Object, Outcome, Withheld};
use crate::diagnostic::Severity;
use crate::document::print::{flow, shortened, visible};

/// A longer value is cut, in characters.
const LONGEST: usize = 100;

impl Text {
    /// An object with who set what in it, and nothing of its findings but their number.
    pub(super) fn explained(&mut self, out: &mut dyn Write, object: &Object<'_>, input: &Input) -> io::Result<()> {
        if self.after_line.is_some() {
            writeln!(out)?;
        }
        self.after_line = Some(false);
        for problem in object.problems.iter().filter(|problem| problem.severity == Severity::Error) {
            writeln!(out, "{}\n", self.snippets.diagnostic(problem, Some(&input.text)))?;
        }
        self.headline(out, object)?;
        writeln!(out)?;
        let Some(answers) = &object.explained else { return Ok(()) };
        if answers.own.is_empty() && answers.of_pods.is_empty() {
            writeln!(out, "  nothing stands at {}", visible(&answers.path.to_string()))?;
        }
        for answer in &answers.own {
            self.answer(out, object, &object.outcome, answer, "")?;
        }
        if let Some(pod) = &object.pod {
            for answer in &answers.of_pods {
                self.answer(out, object, pod, answer, IN_PODS)?;
            }
        }
        let own = object.outcome.withheld.iter().map(|withheld| (&object.outcome, withheld, ""));
        let pods = object.pod.iter().flat_map(|pod| pod.withheld.iter().map(move |withheld| (pod, withheld, IN_PODS)));
        let asked = answers.path.steps();
        let is_asked = |withheld: &Withheld<'_>| {
            let path = withheld.path.as_ref().map(|path| path.steps()).unwrap_or_default();
            path.starts_with(asked) || asked.ends_with(path) && !path.is_empty()
        };
        self.write_all_withheld(out, own.chain(pods).filter(|(_, withheld, _)| is_asked(withheld)))
    }

    fn answer(
        &self,
        out: &mut dyn Write,
        object: &Object<'_>,
        outcome: &Outcome<'_>,
        answer: &Explained<'_>,
        whose: &str,
    ) -> io::Result<()> {
        let (aside, strong) = (self.palette.aside, self.palette.strong);
        let path = named(&answer.path, outcome.after);
        let value = flow(answer.value);
        let value = shortened(&value, LONGEST);
        match answer.line {
            Some(line) => write!(out, "  {aside}{}:{line}{aside:#}  ", visible(&object.source.file))?,
            None => write!(out, "  ")?,
        }
        writeln!(out, "{whose}{path}: {value}")?;
        let by = match (answer.set_by, &answer.by) {
            ("authored", _) => "its author".to_owned(),
            ("template", _) => "the template".to_owned(),
            ("api-default", _) => "the API server".to_owned(),
            ("admission", Some(plug_in)) => format!("the plug-in {plug_in}"),
            ("admission", None) => "a plug-in or another webhook".to_owned(),
            ("podgate", Some(rule)) => {
                format!("podgate, by {}", rule.split_once('/').map_or(rule.as_str(), |(_, name)| name))
            }
            _ => "nobody can know".to_owned(),
        };
        writeln!(out, "      {strong}{}{strong:#}: {aside}{}{aside:#}", visible(&by), visible(&answer.how))
    }
}
