//! An owner is judged as the Pod that it will create: with what the API server, LimitRanges and podgate itself add.

use crate::evaluate::case::Case;
use crate::evaluate::{edits, matching};
use crate::policy::set::PolicySet;
use crate::provenance::{Authored, Intent, Way, made_by};
use crate::workload::Kind;
use crate::{api_defaults, derive};

/// The case of an owner with the Pod that its template becomes after podgate's own edits. That of a Pod as it is.
pub fn with_derived_pod<'a>(set: &'a PolicySet, case: Case<'a>) -> Case<'a> {
    if case.workload.kind == Kind::Pod {
        return case;
    }
    let Case { arena, workload, request, facts, budget, .. } = case;
    let derived = derive::pod(arena, &workload, request.namespace, &facts);
    let request = derive::request(arena, &workload, &request, &derived.pod);
    let of_pod = Case::new(arena, request, derived.pod, None, facts, budget);
    let matched = matching::matched(set, &of_pod);
    let author = Authored { object: derived.sent, way: Way::Apply };
    let maker = made_by(&request, &derived.pod, true);
    let intent = Intent::of_file(arena, author, derived.pod, None, maker);
    let edits = edits::edits(set, &of_pod, &matched, &intent);
    let pod =
        if edits.made.is_empty() { edits.object } else { api_defaults::pod(arena, edits.object, facts.kubernetes) };
    let pod = api_defaults::created(arena, pod, facts.kubernetes);
    case.with_pod(derived.pod.with_object(pod))
}
