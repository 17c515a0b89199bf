//! The violations that `check` reports, all of one rule in one text: the denial of the plug-in, whole however long it is.

use libtest_mimic::Failed;
use podgate::policy::pod_security::{Level, Standard, Version};

use crate::cluster::Cluster;
use crate::corpus::check;
use crate::defaults::report;
use crate::pod_security::{ask, name, pods};

/// Bytes of a denial that is long: more than podgate lets a message of an expression have.
const LONG: usize = 2048;

pub fn in_the_same_words(cluster: &Cluster) -> Result<(), Failed> {
    let standards = [Level::Baseline, Level::Restricted].map(|level| Standard::new(level, Version::Latest));
    let pods = pods::all();
    let all = (0..standards.len()).flat_map(|standard| pods.iter().map(move |pod| (standard, pod.clone())));
    let asked = ask(cluster, "denials", "enforce", &standards, all.collect())?;
    let longest = asked.iter().filter_map(|asked| asked.said.as_ref()).map(String::len).max();
    if longest.is_none_or(|longest| longest < LONG) {
        return Err("no denial is long".into());
    }
    let mut compared = Vec::new();
    for (number, standard) in standards.iter().enumerate() {
        let asked: Vec<_> = asked.iter().filter(|asked| asked.standard == number).collect();
        let objects: Vec<_> = asked.iter().map(|asked| asked.object.clone()).collect();
        let pack = format!("builtin:{}", standard.level.name());
        let told = check(cluster.folder(), pack.as_ref(), &["--as", "create"], &objects)?;
        for (asked, told) in asked.into_iter().zip(told) {
            let violations = told["violations"].as_array().ok_or("no violations")?;
            let messages: Vec<_> = violations.iter().filter_map(|violation| violation["message"].as_str()).collect();
            let theirs = asked.said.as_deref().unwrap_or_default();
            let theirs = theirs.split_once(&format!("violates PodSecurity \"{standard}\": ")).map(|(_, text)| text);
            let ours = messages.join(", ");
            let is_same = theirs.unwrap_or_default() == ours && theirs.is_some() == (told["decision"] == "deny");
            let lines = if is_same { Vec::new() } else { vec![format!("ours   {ours}"), format!("theirs {theirs:?}")] };
            compared.push((format!("{} at {standard}", name(asked)), lines));
        }
    }
    report(compared.len(), compared)
}
