//! What the policies of the loaded set did. The counters are plain numbers beside each rule: labels are put to them when
//! they are scraped, from the set itself, so a policy that goes takes its series along.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};

use crate::admit::Outcome;
use crate::document::Step;
use crate::evaluate::{Field, Violation};
use crate::metrics::exceptions::ExceptionCounters;
use crate::metrics::table::{self, Described};
use crate::policy::fields::Shape;
use crate::policy::set::PolicySet;
use crate::policy::{Leaf, LeafValue, Mode, Policy, Rule};

/// The counters of one policy set.
#[derive(Debug, Default)]
pub struct SetCounters {
    policies: Vec<PolicyCounters>,
    /// By where the policy stands in memory; [`PolicyCounters`] keep it there.
    numbers: HashMap<usize, usize>,
    exceptions: ExceptionCounters,
}

/// Shows the counters of the set in force.
#[derive(Clone, Debug)]
pub(super) struct SetCollector {
    current: Arc<ArcSwap<SetCounters>>,
    descriptions: [Desc; 5],
}

#[derive(Debug)]
struct PolicyCounters {
    policy: Arc<Policy>,
    /// One for each rule, in their order.
    rules: Vec<Arc<RuleResults>>,
    /// The fields that the rules fill in, and last all others.
    edits: Vec<(String, Arc<AtomicU64>)>,
    /// For each leaf of the rules, in their order, its place among the edits.
    leaves: Vec<usize>,
    withheld: Arc<[AtomicU64; CODES.len()]>,
}

/// By mode, then by result.
type RuleResults = [[AtomicU64; RESULTS.len()]; MODES.len()];

const MODES: [Mode; 3] = [Mode::Audit, Mode::Warn, Mode::Enforce];
const RESULTS: [&str; 5] = ["pass", "exception", "old", "violation", "error"];
const PASS: usize = 0;
const EXCEPTION: usize = 1;
const OLD: usize = 2;
const VIOLATION: usize = 3;
const ERROR: usize = 4;

/// Why an edit is withheld, and last whatever has no place of its own.
const CODES: [&str; 15] = [
    "api-default",
    "authored",
    "template",
    "admission",
    "unknown",
    "mode",
    "conflict",
    "rollout",
    "exception",
    "error",
    "invalid",
    "class",
    "too-large",
    "unstable",
    OTHER,
];
const OTHER: &str = "other";

impl SetCounters {
    fn new(set: &PolicySet, before: &SetCounters) -> Self {
        let exceptions = ExceptionCounters::new(set, &before.exceptions);
        let before: HashMap<&str, &PolicyCounters> =
            before.policies.iter().map(|counters| (counters.policy.id.as_str(), counters)).collect();
        let policies: Vec<_> = set
            .policies()
            .iter()
            .map(|policy| PolicyCounters::new(Arc::clone(policy), before.get(policy.id.as_str()).copied()))
            .collect();
        let numbers = policies.iter().zip(0..).map(|(counters, number)| (address(&counters.policy), number)).collect();
        SetCounters { policies, numbers, exceptions }
    }

    fn of(&self, policy: &Policy) -> Option<&PolicyCounters> {
        self.policies.get(*self.numbers.get(&address(policy))?)
    }

    /// Counts what the policies did in a call that this set answered.
    pub(super) fn count(&self, outcome: &Outcome<'_>) {
        if let Some(edits) = outcome.edits {
            // The edits of a policy mostly follow one another, so it is looked up once for all of them.
            for run in edits.made.chunk_by(|one, other| std::ptr::eq(one.policy, other.policy)) {
                let Some(counters) = run.first().and_then(|edit| self.of(edit.policy)) else { continue };
                run.iter().for_each(|edit| counters.edited(&edit.field));
            }
            for run in edits.withheld.chunk_by(|one, other| std::ptr::eq(one.policy, other.policy)) {
                let Some(counters) = run.first().and_then(|withheld| self.of(withheld.policy)) else { continue };
                run.iter().for_each(|withheld| counters.withheld(withheld.reason.code()));
            }
            return;
        }
        self.exceptions.count(outcome.violations);
        for matched in outcome.matched {
            let Some(counters) = self.of(matched.policy) else { continue };
            for (rule, results) in matched.policy.rules.iter().zip(&counters.rules) {
                let mine = outcome.violations.iter().filter(|violation| std::ptr::eq(violation.rule, rule));
                let worst = mine.map(|violation| (result(violation), violation.mode)).max();
                match worst {
                    Some((result, mode)) => add(results, mode, result),
                    None if rule.judges() => add(results, matched.judging_mode(rule), PASS),
                    None => {}
                }
            }
        }
    }
}

impl PolicyCounters {
    fn new(policy: Arc<Policy>, before: Option<&PolicyCounters>) -> Self {
        let results = |rule: &Rule| {
            let rules = before.into_iter().flat_map(|before| before.policy.rules.iter().zip(&before.rules));
            let same = rules.into_iter().find(|(old, _)| old.name == rule.name);
            same.map_or_else(Arc::default, |(_, results)| Arc::clone(results))
        };
        let counter = |field: &str| {
            let fields = before.into_iter().flat_map(|before| &before.edits);
            let same = fields.into_iter().find(|(old, _)| old == field);
            same.map_or_else(Arc::default, |(_, counter)| Arc::clone(counter))
        };
        let mut fields: Vec<String> = policy.rules.iter().flat_map(leaves).filter_map(field_of_leaf).collect();
        fields.sort();
        fields.dedup();
        let last = fields.len();
        let place = |leaf: &Leaf| field_of_leaf(leaf).and_then(|field| fields.binary_search(&field).ok());
        let places = policy.rules.iter().flat_map(leaves).map(|leaf| place(leaf).unwrap_or(last)).collect();
        fields.push(OTHER.to_owned());
        PolicyCounters {
            rules: policy.rules.iter().map(results).collect(),
            edits: fields
                .into_iter()
                .map(|field| (counter(&field), field))
                .map(|(counter, field)| (field, counter))
                .collect(),
            leaves: places,
            withheld: before.map_or_else(Arc::default, |before| Arc::clone(&before.withheld)),
            policy,
        }
    }

    fn edited(&self, field: &Field<'_>) {
        let leaf = self.policy.rules.iter().flat_map(leaves).position(|leaf| leaf.holds(field.base, field.steps));
        let place =
            leaf.and_then(|number| self.leaves.get(number)).copied().unwrap_or(self.edits.len().saturating_sub(1));
        if let Some((_, counter)) = self.edits.get(place) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn withheld(&self, code: &str) {
        let number = CODES.iter().position(|known| *known == code).unwrap_or(CODES.len() - 1);
        if let Some(counter) = self.withheld.get(number) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl SetCollector {
    pub fn new() -> Result<Self, prometheus::Error> {
        let description = |described: Described| {
            let labels = described.labels.iter().map(|label| (*label).to_owned()).collect();
            Desc::new(described.name.to_owned(), described.help.to_owned(), labels, HashMap::new())
        };
        Ok(SetCollector {
            current: Arc::default(),
            descriptions: [
                description(table::RULE_RESULTS)?,
                description(table::EDITS)?,
                description(table::WITHHELD)?,
                description(table::EXCEPTION_USES)?,
                description(table::EXCEPTION_EXPIRY)?,
            ],
        })
    }

    /// Shows from now on the counters of `set`, which go on where a policy stays.
    pub fn replace(&self, set: &PolicySet) -> Arc<SetCounters> {
        let counters = Arc::new(SetCounters::new(set, &self.current.load()));
        self.current.store(Arc::clone(&counters));
        counters
    }
}

impl Collector for SetCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let current = self.current.load();
        let mut results = Vec::new();
        let mut edits = Vec::new();
        let mut withheld = Vec::new();
        for PolicyCounters { policy, rules, edits: fields, withheld: codes, .. } in &current.policies {
            for (rule, by_mode) in policy.rules.iter().zip(rules) {
                let strictest = rule.mode.map_or(policy.mode, |mode| mode.min(policy.mode));
                for (mode, by_result) in MODES.into_iter().zip(by_mode.iter()) {
                    for (result, counter) in RESULTS.into_iter().zip(by_result) {
                        let count = counter.load(Ordering::Relaxed);
                        // Shown from the beginning, so that the first one is an increase.
                        let is_awaited = rule.judges() && mode == strictest && result == "violation";
                        if count > 0 || is_awaited {
                            let values = [mode.name(), &policy.id, result, &rule.name];
                            results.push(metric(table::RULE_RESULTS, values, count));
                        }
                    }
                }
            }
            for (field, counter) in fields {
                let count = counter.load(Ordering::Relaxed);
                if count > 0 || field != OTHER {
                    edits.push(metric(table::EDITS, [field, &policy.id], count));
                }
            }
            for (code, counter) in CODES.into_iter().zip(codes.iter()) {
                let count = counter.load(Ordering::Relaxed);
                if count > 0 {
                    withheld.push(metric(table::WITHHELD, [code, &policy.id], count));
                }
            }
        }
        let [uses, expiries] = current.exceptions.collect();
        let families = [
            (table::RULE_RESULTS, results),
            (table::EDITS, edits),
            (table::WITHHELD, withheld),
            (table::EXCEPTION_USES, uses),
            (table::EXCEPTION_EXPIRY, expiries),
        ];
        families.into_iter().filter(|(_, metrics)| !metrics.is_empty()).map(family).collect()
    }
}

fn result(violation: &Violation<'_>) -> usize {
    match violation {
        Violation { exception: Some(_), .. } => EXCEPTION,
        Violation { is_error: true, .. } => ERROR,
        Violation { is_new: true, .. } => VIOLATION,
        _ => OLD,
    }
}

fn add(results: &RuleResults, mode: Mode, result: usize) {
    let by_mode = MODES.into_iter().zip(results).find(|(of, _)| *of == mode);
    if let Some(counter) = by_mode.and_then(|(_, by_result)| by_result.get(result)) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

fn leaves(rule: &Rule) -> &[Leaf] {
    rule.edit().map(|edit| edit.leaves.as_slice()).unwrap_or_default()
}

/// `spec.terminationGracePeriodSeconds`, `spec.containers[*].image`; [`None`] for a computed object, whose fields nobody
/// knows before it is computed.
fn field_of_leaf(leaf: &Leaf) -> Option<String> {
    if matches!(leaf.value, LeafValue::Computed(_)) && matches!(leaf.field.shape(), Shape::Object | Shape::Map) {
        return None;
    }
    let mut text = if leaf.in_container { "spec.containers[*]".to_owned() } else { String::new() };
    for step in &leaf.steps {
        if let Step::Key(key) = step {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(key);
        }
    }
    Some(text)
}

fn address(policy: &Policy) -> usize {
    std::ptr::from_ref(policy).addr()
}

fn metric<const N: usize>(described: Described, values: [&str; N], count: u64) -> Metric {
    #[expect(clippy::cast_precision_loss, reason = "the text format knows only such numbers")]
    labelled(described, values, count as f64)
}

/// A metric with these values of its labels.
pub(super) fn labelled<const N: usize>(described: Described, values: [&str; N], value: f64) -> Metric {
    let pair = |(name, value): (&&str, &str)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value(value.to_owned());
        pair
    };
    let mut metric = Metric::from_label(described.labels.iter().zip(values).map(pair).collect());
    match described.kind {
        table::Type::Gauge => {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
        table::Type::Counter | table::Type::Histogram => {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        }
    }
    metric
}

fn family((described, metrics): (Described, Vec<Metric>)) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(described.name.to_owned());
    family.set_help(described.help.to_owned());
    family.set_field_type(match described.kind {
        table::Type::Gauge => MetricType::GAUGE,
        table::Type::Counter | table::Type::Histogram => MetricType::COUNTER,
    });
    family.set_metric(metrics);
    family
}
