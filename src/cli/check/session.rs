//! One run of `check` over its documents.

use std::collections::HashMap;
use std::io::{self, Write};

use bumpalo::Bump;

use crate::admit::{self, Author, DryRun, Endpoint};
use crate::cli::arguments::{AskedEndpoint, Check, Format};
use crate::cli::check::judge::{Asked, Judge};
use crate::cli::collect;
use crate::cli::complaints::Complaints;
use crate::cli::explain::{self, Answers, NoField};
use crate::cli::fix::{self, Fixes};
use crate::cli::input::Input;
use crate::cli::manifest::{Class, Fault, Manifest};
use crate::cli::plug_in;
use crate::cli::render::Render;
use crate::cli::report::{NotCovered, Object, Tail};
use crate::cli::request;
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::{Limits, Step, Value, yaml};
use crate::facts::Facts;
use crate::review::{Refusal, Request};
use crate::workload::Kind;

/// What all documents of a run share.
pub struct Session<'s> {
    check: &'s Check,
    judge: Judge<'s>,
    fixed: Option<&'s fix::File>,
    renderer: &'s mut dyn Render,
    out: &'s mut dyn Write,
    complaints: &'s mut Complaints,
    found: Found,
}

/// What remains of a run.
#[derive(Debug, Default)]
pub struct Found {
    /// For the end of the report.
    pub tail: Tail,
    /// Whether anything does not get through.
    pub is_denied: bool,
    /// How many documents there were, of whatever kind.
    pub documents: usize,
    /// Which policies applied.
    pub matched: Matched,
    /// Whether the field of `--explain` is one of any object.
    pub is_field_known: bool,
    /// Why it is none of the first object that has no such field.
    pub missing: Option<NoField>,
}

/// To how many objects each policy applied, and for how many each exception was needed.
#[derive(Debug, Default)]
pub struct Matched {
    /// By id: how many, and the number of the last one.
    times: HashMap<String, (usize, usize)>,
    objects: usize,
}

impl Matched {
    /// To how many objects the policy of this id applied, or for how many the exception was needed.
    pub fn times(&self, id: &str) -> usize {
        self.times.get(id).map_or(0, |(times, _)| *times)
    }

    fn count(&mut self, object: &Object<'_>) {
        self.objects += 1;
        let of_pods = object.pod.iter().flat_map(|pod| &pod.matched_policies);
        let exceptions = object.violations().filter_map(|(violation, _)| violation.exception);
        for id in object.outcome.matched_policies.iter().chain(of_pods).copied().chain(exceptions) {
            if let Some((times, last)) = self.times.get_mut(id).filter(|(_, last)| *last != self.objects) {
                (*times, *last) = (*times + 1, self.objects);
            }
        }
    }
}

impl<'s> Session<'s> {
    /// Begins a run.
    pub fn new(
        judge: Judge<'s>,
        renderer: &'s mut dyn Render,
        out: &'s mut dyn Write,
        complaints: &'s mut Complaints,
    ) -> Self {
        let policies = judge.policies;
        let of_policies = policies.set.policies().iter().map(|policy| &policy.id);
        let ids = of_policies.chain(policies.set.exceptions().iter().map(|exception| &exception.id));
        let times = ids.map(|id| (id.clone(), (0, 0))).collect();
        let found = Found { matched: Matched { times, objects: 0 }, ..Found::default() };
        Session { check: judge.check, judge, fixed: None, renderer, out, complaints, found }
    }

    /// Checks every document of an input. `fixed` is what was written into it before, if that was asked.
    ///
    /// # Errors
    /// If the answer cannot be written.
    pub fn input(&mut self, input: &Input, fixed: Option<&'s fix::File>) -> io::Result<()> {
        self.fixed = fixed;
        let arena = Bump::new();
        let mut scratch = Bump::new();
        for document in yaml::documents(&arena, &input.text, &Limits::LIST) {
            self.found.documents += 1;
            match document {
                Ok(document) => {
                    let manifest = Manifest::of(&document);
                    let mut opened = Vec::new();
                    manifest.open(&arena, &mut |object| opened.push(object));
                    for object in opened {
                        self.opened(&scratch, input, object)?;
                        scratch.reset();
                    }
                }
                // The server would answer this body too, and what it would answer was asked for.
                Err(_) if self.check.output == Format::Review && input.text.trim_start().starts_with('{') => {
                    return self.answer(input.text.as_bytes(), &Facts::default());
                }
                Err(error) => self.complain(input, input.refused(error))?,
            }
        }
        Ok(())
    }

    /// Ends the run.
    pub fn finish(self) -> Found {
        self.found
    }

    fn opened<'a>(
        &mut self,
        arena: &'a Bump,
        input: &Input,
        object: Result<(Manifest<'a>, Class), Fault>,
    ) -> io::Result<()> {
        match object {
            Err(fault) => self.complain(input, input.fault(fault)),
            Ok((manifest, Class::Workload(kind))) => self.workload(arena, input, &manifest, kind),
            Ok((manifest, Class::Review)) => self.review(arena, input, &manifest),
            // Already used for the objects around it.
            Ok((_, Class::Namespace | Class::LimitRange | Class::Exception)) => Ok(()),
            Ok((manifest, Class::NotCovered(reason))) => {
                self.found.tail.summary.not_covered += 1;
                self.found.tail.not_covered.push(NotCovered {
                    source: collect::source(input, &manifest),
                    kind: manifest.kind().to_owned(),
                    name: manifest.name().to_owned(),
                    reason,
                });
                Ok(())
            }
        }
    }

    fn workload<'a>(&mut self, arena: &'a Bump, input: &Input, manifest: &Manifest<'a>, kind: Kind) -> io::Result<()>
    where
        's: 'a,
    {
        let check = self.check;
        let namespace = request::namespace(manifest, &check.request);
        let Asked { problems, asked } = self.judge.ask(arena, input, manifest, kind);
        let Some(asked) = asked else {
            if check.output == Format::Review {
                // Nothing would be sent, so nothing would be answered.
                return problems.into_iter().try_for_each(|problem| self.complain(input, problem));
            }
            let mut object = collect::refused(input, manifest, namespace, problems, check.show_object);
            object.fixes = self.fixes(manifest);
            return self.report(input, &object);
        };
        if check.output == Format::Review {
            let (facts, _) = self.judge.facts(arena, namespace, true);
            return self.answer(asked.review.to_string().as_bytes(), &facts);
        }
        let run = self.judge.run(arena, manifest, asked.request);
        let policies = self.judge.policies;
        let mut object = collect::judged(input, manifest, &run, policies, problems, check.show_object);
        object.explained = self.explained(arena, manifest, &run);
        object.plug_in = plug_in::said(arena, &run, self.judge.facts(arena, namespace, true).0.namespace);
        object.fixes = self.fixes(manifest);
        self.report(input, &object)
    }

    fn review<'a>(&mut self, arena: &'a Bump, input: &Input, manifest: &Manifest<'a>) -> io::Result<()>
    where
        's: 'a,
    {
        let (check, policies) = (self.check, self.judge.policies);
        let asked = Request::of(manifest.value);
        let namespace = manifest.value.text(&["request", "namespace"]).unwrap_or_default();
        let (facts, assumption) = self.judge.facts(arena, namespace, false);
        if check.output == Format::Review {
            return self.answer(as_sent(input, manifest).as_bytes(), &facts);
        }
        let part = part(manifest, "object").or_else(|| part(manifest, "oldObject"));
        let part = part.as_ref().unwrap_or(manifest);
        match asked {
            Ok(request) => {
                let mut run = admit::dry_run(&policies.set, arena, request, facts, Author::Recorded);
                run.assumptions.splice(0..0, assumption);
                let mut object = collect::judged(input, part, &run, policies, Vec::new(), check.show_object);
                object.explained = self.explained(arena, part, &run);
                object.plug_in = plug_in::said(arena, &run, facts.namespace);
                self.report(input, &object)
            }
            Err(Refusal::CannotJudge { reason, .. }) => {
                let problems = vec![collect::problem(input, part, &[], &reason)];
                let object = collect::refused(input, part, namespace, problems, check.show_object);
                self.report(input, &object)
            }
            Err(Refusal::NotAReview(reason)) => {
                let place = input.place(manifest.places.value);
                self.complain(input, Diagnostic::error(Some(place), reason))
            }
        }
    }

    /// The answers to `--explain`, if that was asked.
    fn explained<'a>(&mut self, arena: &'a Bump, manifest: &Manifest<'a>, run: &DryRun<'a>) -> Option<Answers<'a>> {
        let asked = self.check.explain.as_ref()?;
        match explain::explain(arena, asked, manifest, run) {
            Ok(answers) => {
                self.found.is_field_known = true;
                Some(answers)
            }
            Err(missing) => {
                self.found.missing.get_or_insert(missing);
                None
            }
        }
    }

    /// What was written into the file about an object; [`None`] if that was not asked.
    fn fixes(&self, manifest: &Manifest<'_>) -> Option<Fixes> {
        self.fixed.map(|file| file.of(manifest))
    }

    fn report(&mut self, input: &Input, object: &Object<'_>) -> io::Result<()> {
        self.found.tail.summary.count(object);
        self.found.matched.count(object);
        self.found.is_denied |= object.is_in_trouble();
        for problem in object.problems.iter().filter(|problem| problem.severity == Severity::Error) {
            self.complaints.keep(problem);
        }
        if object.is_in_trouble() && !matches!(self.check.output, Format::Text | Format::Json) {
            self.out.flush()?;
        }
        self.renderer.object(self.out, object, input)
    }

    fn complain(&mut self, input: &Input, diagnostic: Diagnostic) -> io::Result<()> {
        // What was found before stands before it on a terminal.
        self.out.flush()?;
        self.complaints.take(diagnostic, Some(&input.text));
        Ok(())
    }

    /// Prints what one webhook answers to a body.
    fn answer(&mut self, body: &[u8], facts: &Facts<'_>) -> io::Result<()> {
        let endpoint = self.check.endpoint.map_or(Endpoint::Validate, AskedEndpoint::into);
        let answer = admit::answer(&self.judge.policies.set, endpoint, body, facts);
        if answer.status != 200 {
            let text = String::from_utf8_lossy(&answer.body);
            let message = format!("the webhook answers with HTTP status {}: {text}", answer.status);
            self.out.flush()?;
            self.complaints.take(Diagnostic::error(None, message), None);
            return Ok(());
        }
        let arena = Bump::new();
        let is_allowed = crate::document::json::parse(&arena, &answer.body, &Limits::REVIEW)
            .ok()
            .and_then(|review| review.fields(&["response", "allowed"]))
            .and_then(Value::as_bool);
        self.found.is_denied |= is_allowed != Some(true);
        self.out.write_all(&answer.body)?;
        self.out.write_all(b"\n")
    }
}

/// An object that a review carries, with its own places.
fn part<'a>(review: &Manifest<'a>, key: &'static str) -> Option<Manifest<'a>> {
    let steps = [Step::key("request"), Step::key(key)];
    let value = review.value.at(&steps).filter(|value| matches!(value, Value::Object(_)))?;
    Some(Manifest { value, places: review.places.at(review.value, &steps)?, ..*review })
}

/// The body of a recorded call: as it stands in the file if that is JSON.
fn as_sent(input: &Input, review: &Manifest<'_>) -> String {
    let span = review.places.value;
    match input.text.get(span.start..span.end) {
        Some(text) if text.starts_with('{') && text.ends_with('}') => text.to_owned(),
        _ => review.value.to_string(),
    }
}
