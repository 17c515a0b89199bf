//! What keeps an exception from being used: it is from what is not there, or reaches further than it may.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Place, did_you_mean, suggest};
use crate::policy::exception::{Exception, Exempt, ExemptCheck};
use crate::policy::pod_security::Standard;
use crate::policy::{Policy, Rule, Verb};

/// Policies by their ids.
pub type ById<'p> = BTreeMap<&'p str, &'p Policy>;

impl Exception {
    /// What keeps it from being used beside `policies`: it is from a rule that is not there, or goes further than the
    /// operator lets exceptions of its namespace go. A warning where it can be used, and never will be.
    pub fn problems(&self, policies: &ById<'_>, trusted_namespaces: &[String]) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        if !self.namespaces.is_empty() && !trusted_namespaces.contains(&self.namespace) {
            let message =
                format!("`namespaces` in an exception of `{}`, which is not trusted with others", self.namespace);
            let help = "leave them out, or name its namespace with `--exception-namespace`";
            problems.push(Diagnostic::error(self.namespaces_place.clone(), message).help(help));
        }
        for exempt in &self.from {
            let Some(policy) = policies.get(exempt.policy.as_str()) else {
                let message = format!("there is no policy `{}` to be an exception from", exempt.policy);
                problems.push(misspelt(&exempt.place, message, &exempt.policy, policies.keys().copied()));
                continue;
            };
            if let Some(namespace) = policy.namespace.as_deref().filter(|namespace| !self.holds_in(namespace)) {
                let message = format!("`{}` applies to `{namespace}` only, and this exception not there", policy.id);
                let help = format!("write it in `{namespace}`");
                problems.push(Diagnostic::warning(Some(exempt.place.clone()), message).help(help));
            }
            problems.extend(exempt.unknown_rules(policy));
            problems.extend(exempt.checks_of_nothing(policy));
            let is_bare = |rule: &&Rule| exempt.names(policy, rule) && !rule.verb.is_about_containers();
            if let Some(rule) = policy.rules.iter().find(is_bare).filter(|_| !self.containers.is_empty()) {
                let message = format!("`{}` of `{}` is not about containers", rule.name, policy.id);
                let help = "leave `containers` out, or name the `rules` that are about containers";
                problems.push(Diagnostic::error(Some(exempt.place.clone()), message).help(help));
            }
        }
        problems
    }
}

impl Exempt {
    fn unknown_rules<'e>(&'e self, policy: &'e Policy) -> impl Iterator<Item = Diagnostic> + 'e {
        let known = || policy.rules.iter().map(|rule| rule.name.as_str());
        let unknown = self.rules.iter().zip(&self.rule_places).filter(move |(name, _)| known().all(|of| of != *name));
        unknown.map(move |(name, place)| {
            let message = format!("`{}` has no rule `{name}` to be an exception from", policy.id);
            misspelt(place, message, name, known())
        })
    }

    /// The checks that no rule asks for, and the rules that ask for none.
    fn checks_of_nothing(&self, policy: &Policy) -> Vec<Diagnostic> {
        if self.checks.is_empty() {
            return Vec::new();
        }
        let bare = |(name, _): &(&String, &Place)| {
            policy.rules.iter().any(|rule| rule.name == **name && standard(rule).is_none())
        };
        let bare = self.rules.iter().zip(&self.rule_places).filter(bare).map(|(name, place)| {
            let message = format!("`checks` for `{name}` of `{}`, which asks for no Pod Security Standard", policy.id);
            Diagnostic::error(Some(place.clone()), message)
        });
        let mut problems: Vec<_> = bare.collect();
        let named = policy.rules.iter().filter(|rule| self.names(policy, rule));
        let standards: Vec<_> = named.filter_map(standard).collect();
        if standards.is_empty() && self.rules.is_empty() {
            let message = format!("`checks` for `{}`, which asks for no Pod Security Standard", policy.id);
            problems.push(Diagnostic::error(Some(self.place.clone()), message));
        }
        for ExemptCheck { check, place, .. } in &self.checks {
            if let Some(standard) = standards.first().filter(|_| !standards.iter().any(|of| of.has(*check))) {
                let mut problem =
                    Diagnostic::error(Some(place.clone()), format!("`{check}` is not a check of `{standard}`"));
                problem.help = standard.instead_of(*check);
                problems.push(problem);
            }
        }
        problems
    }
}

fn standard(rule: &Rule) -> Option<&Standard> {
    match &rule.verb {
        Verb::PodSecurity(security) => Some(&security.standard),
        Verb::Edit(_) | Verb::Require(_) => None,
    }
}

fn misspelt<'k>(place: &Place, message: String, name: &str, known: impl Iterator<Item = &'k str>) -> Diagnostic {
    let mut problem = Diagnostic::error(Some(place.clone()), message);
    problem.help = did_you_mean(suggest(name, known));
    problem
}
