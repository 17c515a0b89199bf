//! For people: what is wrong with its line in the file, what is changed as a diff, and a line for each object.

mod change;
mod counts;
mod explained;
mod fixes;

use std::collections::BTreeSet;
use std::io::{self, Write};

use annotate_snippets::Level;

use crate::admit::{self, Assumption};
use crate::cli::arguments::Check;
use crate::cli::fix::Fixes;
use crate::cli::input::Input;
use crate::cli::render::snippet::{Message, Snippets, Source};
use crate::cli::render::{Palette, Render};
use crate::cli::report::{ClassChange, Evidence, Object, Outcome, Report, Summary, Violation, Weight, Withheld};
use crate::diagnostic::{Place, Severity};
use crate::document::print::{flow, shortened, visible};

use change::{named, rule_name, sections};
use counts::Count;

/// What an owner does not meet itself.
const IN_PODS: &str = "in its Pods: ";

/// No more assumptions than this are listed.
const ASSUMPTIONS: usize = 10;

/// Characters of an expression that are repeated in a note.
const WIDEST_PART: usize = 120;

/// A column of a diff is at most this wide, in characters.
const WIDEST: usize = 56;

/// Prints objects for people.
#[derive(Debug)]
pub struct Text {
    palette: Palette,
    snippets: Snippets,
    is_quiet: bool,
    is_verbose: bool,
    /// Whether only what was asked of a field is told.
    is_explaining: bool,
    /// Whether fixes are shown and not written.
    is_proposing: bool,
    /// Whether the object before took one line only; [`None`] before the first.
    after_line: Option<bool>,
    assumptions: BTreeSet<String>,
}

impl Text {
    /// In these colours, as talkative as asked.
    pub fn new(check: &Check, palette: Palette) -> Self {
        let is_explaining = check.explain.is_some();
        Text {
            is_quiet: check.quiet,
            is_verbose: check.verbose,
            is_explaining,
            is_proposing: check.diff,
            ..Text::trouble(palette)
        }
    }

    /// For telling only what does not get through.
    pub fn trouble(palette: Palette) -> Self {
        Text {
            palette,
            snippets: Snippets::new(palette),
            is_quiet: true,
            is_verbose: false,
            is_explaining: false,
            is_proposing: false,
            after_line: None,
            assumptions: BTreeSet::new(),
        }
    }

    /// Says on standard error why an object does not get through, if it does not.
    pub fn tell(&mut self, object: &Object<'_>, input: &Input) {
        if object.is_in_trouble() {
            let mut stderr = io::stderr().lock();
            self.after_line = None;
            // Where standard error is closed, the exit code still says it.
            let _ = self.object(&mut stderr, object, input).and_then(|()| writeln!(stderr));
        }
    }

    fn violation(
        &self,
        out: &mut dyn Write,
        object: &Object<'_>,
        input: &Input,
        violation: &Violation<'_>,
        in_pods: bool,
    ) -> io::Result<()> {
        let level = match violation.weight {
            Weight::Denies => Level::ERROR,
            Weight::Warns => Level::WARNING,
            Weight::Recorded => Level::NOTE,
        };
        let outcome = if in_pods { object.pod.as_ref() } else { None }.unwrap_or(&object.outcome);
        let mut notes = Vec::new();
        let of_pods = format!("in the Pods of {} {}/{}", object.kind, object.namespace, object.shown_name());
        if in_pods {
            notes.push(of_pods.as_str());
        }
        if !violation.new {
            notes.push("the object has it already, so it denies nothing");
        }
        let also: Vec<_> = violation.also.iter().map(|path| named(path, outcome.after)).collect();
        let also = format!("also {}", also.join(", "));
        if !violation.also.is_empty() {
            notes.push(&also);
        }
        notes.extend(violation.about_exception.as_deref());
        let decisive;
        let mut origin = None;
        match &violation.evidence {
            Some(Evidence { file, span, text, result: "error", .. }) => {
                let place = Place { file: file.clone(), span: *span };
                origin = Some(Source { title: "this part of the rule failed", place, text });
            }
            Some(evidence) => {
                decisive = decided(evidence);
                notes.push(&decisive);
            }
            None => {}
        }
        let message = Message {
            level,
            id: &rule_name(violation.policy, violation.rule),
            title: &violation.message,
            place: &input.place(violation.span),
            label: &named(&violation.path, outcome.after),
            notes: &notes,
            help: violation.help,
            origin,
        };
        writeln!(out, "{}\n", self.snippets.message(&message, &input.text))
    }

    /// The line for an object, without its end.
    fn headline(&self, out: &mut dyn Write, object: &Object<'_>) -> io::Result<()> {
        let Palette { strong, good, bad, doubtful, .. } = self.palette;
        let name = format!("{} {}/{}", object.kind, object.namespace, object.shown_name());
        write!(out, "{strong}{}{strong:#}: ", visible(&name))?;
        match object.outcome.decision {
            "allow" => write!(out, "{good}allowed{good:#}")?,
            "deny" => write!(out, "{bad}denied{bad:#}")?,
            _ => return write!(out, "{bad}cannot be judged{bad:#}"),
        }
        match object.outcome.edits.len() {
            0 if object.outcome.matched_policies.is_empty() => write!(out, ", no policy applies")?,
            0 if object.outcome.is_refused() => {}
            0 => write!(out, ", unchanged")?,
            edits => write!(out, ", {}", Count(edits, "edit"))?,
        }
        let count = |weight| object.violations().filter(|(violation, _)| violation.weight == weight).count();
        match count(Weight::Denies) {
            0 => {}
            violations => write!(out, ", {bad}{}{bad:#}", Count(violations, "violation"))?,
        }
        let unknown = object.problems.iter().filter(|problem| problem.severity == Severity::Warning).count();
        match count(Weight::Warns) + unknown {
            0 => {}
            warnings => write!(out, ", {doubtful}{}{doubtful:#}", Count(warnings, "warning"))?,
        }
        let Some(pod) = object.pod.as_ref().filter(|pod| pod.is_refused() || !pod.edits.is_empty()) else {
            return Ok(());
        };
        write!(out, "; its Pods: ")?;
        match pod.decision {
            "allow" => {}
            "deny" => write!(out, "{bad}denied{bad:#}")?,
            _ => write!(out, "{bad}cannot be judged{bad:#}")?,
        }
        match pod.edits.len() {
            0 => Ok(()),
            edits => write!(out, "{}{}", if pod.is_refused() { ", " } else { "" }, Count(edits, "edit")),
        }
    }

    fn edits(&self, out: &mut dyn Write, object: &Object<'_>) -> io::Result<()> {
        let Palette { aside, removed, added, .. } = self.palette;
        let own = sections(&object.outcome).into_iter().map(|section| (section, ""));
        let pods = object.pod.iter().flat_map(sections).map(|section| (section, IN_PODS));
        let all: Vec<_> = own.chain(pods).collect();
        let texts = all.iter().flat_map(|(section, _)| &section.changes).flat_map(|change| {
            [Some(change.added.as_str()), change.removed.as_ref().map(|(text, _)| text.as_str())].into_iter().flatten()
        });
        let width = texts.map(|text| text.chars().count()).max().unwrap_or_default().min(WIDEST);
        for (section, whose) in &all {
            let file = visible(&object.source.file);
            let line = section.line.map(|line| format!(":{line}")).unwrap_or_default();
            writeln!(out, "  {aside}{file}{line}{aside:#}  {whose}{}", section.path)?;
            for change in &section.changes {
                if let Some((text, who)) = &change.removed {
                    writeln!(out, "    {removed}- {text:width$}{removed:#}    {aside}{who}{aside:#}")?;
                }
                let (text, by) = (&change.added, &change.by);
                writeln!(out, "    {added}+ {text:width$}{added:#}    {aside}{by}{aside:#}")?;
            }
        }
        for (outcome, whose) in [(Some(&object.outcome), ""), (object.pod.as_ref(), IN_PODS)] {
            let class = outcome.and_then(|outcome| outcome.qos_class);
            if let Some(ClassChange { before, after }) = class.filter(|class| class.before != class.after) {
                writeln!(out, "  {whose}QoS class {before} becomes {after}")?;
            }
        }
        Ok(())
    }

    /// What was not made and is worth saying, of the object and then of its Pods.
    fn withheld<'o, 'a>(&self, object: &'o Object<'a>) -> Vec<(&'o Outcome<'a>, &'o Withheld<'a>, &'static str)> {
        let all = self.is_verbose;
        let own = object.outcome.withheld.iter().map(|withheld| (&object.outcome, withheld, ""));
        let pods = object.pod.iter().flat_map(|pod| pod.withheld.iter().map(move |withheld| (pod, withheld, IN_PODS)));
        own.chain(pods).filter(|(_, withheld, _)| all || is_worth_saying(withheld)).collect()
    }

    fn write_withheld(&self, out: &mut dyn Write, object: &Object<'_>) -> io::Result<()> {
        self.write_all_withheld(out, self.withheld(object))
    }

    fn write_all_withheld<'o, 'a: 'o>(
        &self,
        out: &mut dyn Write,
        all: impl IntoIterator<Item = (&'o Outcome<'a>, &'o Withheld<'a>, &'static str)>,
    ) -> io::Result<()> {
        let aside = self.palette.aside;
        for (outcome, withheld, whose) in all {
            let path = withheld.path.as_ref().map(|path| named(path, outcome.after)).unwrap_or_default();
            let value = withheld.value.map(|value| format!(": {}", flow(value))).unwrap_or_default();
            writeln!(out, "  not changed  {whose}{path}{value}")?;
            let (rule, reason) = (rule_name(withheld.policy, withheld.rule), visible(&withheld.reason));
            writeln!(out, "               {aside}{rule}: {reason}{aside:#}")?;
        }
        Ok(())
    }

    fn totals(&self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        let Palette { good, bad, doubtful, aside, .. } = self.palette;
        let plain = anstyle::Style::new();
        let Summary { objects, allowed, denied, pods_denied, errors, edited, warnings, not_covered, fixed } =
            report.tail.summary;
        let colour = |number, style| if number == 0 { plain } else { style };
        let (allowing, denying) = (colour(allowed, good), colour(denied, bad));
        write!(out, "{}: {allowing}{allowed} allowed{allowing:#}", Count(objects, "object"))?;
        write!(out, ", {denying}{denied} denied{denying:#}, {edited} changed")?;
        if let Some(fixed) = fixed {
            let verb = if self.is_proposing { "to fix" } else { "fixed" };
            write!(out, ", {} {verb}", Count(fixed, "field"))?;
        }
        let warning = colour(warnings, doubtful);
        write!(out, ", {warning}{}{warning:#}", Count(warnings, "warning"))?;
        if pods_denied > 0 {
            write!(out, ", {bad}{pods_denied} with Pods that do not get through{bad:#}")?;
        }
        if errors > 0 {
            write!(out, ", {bad}{}{bad:#}", Count(errors, "error"))?;
        }
        if not_covered > 0 {
            write!(out, ", {not_covered} not covered")?;
        }
        let (policies, kubernetes) = (visible(&report.asked_policies), &report.head.kubernetes);
        writeln!(out, "    {aside}({policies}, Kubernetes {kubernetes}){aside:#}")
    }
}

/// Which part of a rule made it false.
fn decided(evidence: &Evidence<'_>) -> String {
    let Evidence { expression, result, values, .. } = evidence;
    let words: Vec<_> = expression.split_whitespace().collect();
    let words = words.join(" ");
    let part = shortened(&words, WIDEST_PART);
    let values = if values.is_empty() { String::new() } else { format!(", where {values}") };
    format!("{result}: `{part}`{values}")
}

/// Whether the author of a manifest should know that something was not changed, without asking: where policies are at
/// odds, an expression fails, or the rule only warns so far. What they wrote themselves they know.
fn is_worth_saying(withheld: &Withheld<'_>) -> bool {
    match withheld.code {
        "mode" => withheld.mode != "Audit",
        // Where there is no room for a default nothing is amiss; what was to hold in any case does not.
        "invalid" | "class" => withheld.verb != "default",
        code => matches!(code, "conflict" | "error" | "too-large" | "unstable"),
    }
}

impl Render for Text {
    fn object(&mut self, out: &mut dyn Write, object: &Object<'_>, input: &Input) -> io::Result<()> {
        if self.is_quiet && !object.is_in_trouble() {
            return Ok(());
        }
        if self.is_explaining {
            return self.explained(out, object, input);
        }
        let shows = |violation: &Violation<'_>| !self.is_quiet || violation.weight == Weight::Denies;
        let violations: Vec<_> = object.violations().filter(|(violation, _)| shows(violation)).collect();
        let shows_edits = !self.is_quiet && (object.is_edited() || !self.withheld(object).is_empty());
        let problems = object.problems.iter();
        let problems: Vec<_> =
            problems.filter(|problem| !self.is_quiet || problem.severity == Severity::Error).collect();
        let is_line = violations.is_empty()
            && problems.is_empty()
            && !shows_edits
            && object.rollout.is_none()
            && object.plug_in.is_none()
            && object.fixes.as_ref().is_none_or(Fixes::is_empty);
        if self.after_line.is_some_and(|after_line| !(after_line && is_line)) {
            writeln!(out)?;
        }
        for problem in problems {
            writeln!(out, "{}\n", self.snippets.diagnostic(problem, Some(&input.text)))?;
        }
        for (violation, in_pods) in violations {
            self.violation(out, object, input, violation, in_pods)?;
        }
        self.headline(out, object)?;
        writeln!(out)?;
        let said = object.plug_in.iter().flat_map(|said| {
            let warns = said.warns.as_ref().filter(|_| !self.is_quiet);
            [("denies it", said.denies.as_ref()), ("denies its Pods", said.denies_pods.as_ref()), ("warns", warns)]
        });
        for (verb, text) in said.filter_map(|(verb, text)| Some((verb, text?))) {
            writeln!(out, "  the API server's PodSecurity plug-in {verb}: {}", visible(text))?;
        }
        if let Some(rollout) = object.rollout.as_ref().filter(|_| !self.is_quiet) {
            let answer = if rollout.rolls { "yes" } else { "no" };
            writeln!(out, "  will roll: {answer}, because {}", visible(&rollout.to_string()))?;
        }
        if let Some(fixes) = object.fixes.as_ref().filter(|_| !self.is_quiet) {
            self.write_fixes(out, object, fixes)?;
        }
        if shows_edits {
            self.edits(out, object)?;
            self.write_withheld(out, object)?;
        }
        self.after_line = Some(is_line);
        if !self.is_quiet && self.assumptions.len() <= ASSUMPTIONS {
            // What is assumed of nearly every object is only worth saying to those who want to know all.
            let is_worth = |assumption: &&Assumption| self.is_verbose || assumption.code != admit::PLUG_INS;
            let news = object.assumptions.iter().filter(is_worth).map(|assumption| &assumption.message);
            let news: Vec<_> = news.filter(|message| !self.assumptions.contains(*message)).cloned().collect();
            self.assumptions.extend(news);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        let aside = self.palette.aside;
        let unseen = report.tail.not_covered.iter().filter(|_| self.is_verbose);
        if self.after_line.is_some() {
            writeln!(out)?;
        }
        let mut said = false;
        for entry in unseen {
            let (file, line) = (visible(&entry.source.file), entry.source.line);
            let named = format!("{} {}: {}", entry.kind, entry.name, entry.reason);
            writeln!(out, "{aside}{file}:{line}{aside:#}  not covered: {}", visible(&named))?;
            said = true;
        }
        for assumption in self.assumptions.iter().take(ASSUMPTIONS) {
            writeln!(out, "{aside}assumed: {}{aside:#}", visible(assumption))?;
            said = true;
        }
        if self.assumptions.len() > ASSUMPTIONS {
            writeln!(out, "{aside}assumed: and more; `--output json` has them all{aside:#}")?;
        }
        if said {
            writeln!(out)?;
        }
        self.totals(out, report)
    }
}
