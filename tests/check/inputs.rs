//! What can be wrong with arguments and files.

use crate::program::Check;

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: web
    image: registry.example.com/web:1.2
";

#[test]
fn without_inputs_it_says_what_to_name() {
    Check::new()
        .stderr(
            "\
error: there is nothing to check
  = help: name files or folders, or `-` for standard input: `podgate check app.yaml`

",
        )
        .code(2);
}

#[test]
fn a_file_that_does_not_exist_is_an_error() {
    Check::new()
        .args(["nope.yaml"])
        .stderr("error: `nope.yaml` cannot be read: there is no such file\n\n")
        .stdout("0 objects: 0 allowed, 0 denied, 0 changed, 0 warnings, 1 error    (builtin:recommended, Kubernetes 1.37)\n")
        .code(2);
}

#[test]
fn an_unknown_flag_is_an_error() {
    Check::new()
        .args(["--outptu", "json", "a.yaml"])
        .stderr(
            "\
error: unexpected argument '--outptu' found

  tip: a similar argument exists: '--output'

Usage: podgate check --output <FORMAT> [FILE|DIR|-]...

For more information, try '--help'.
",
        )
        .code(2);
}

#[test]
fn broken_yaml_is_shown_with_its_line() {
    Check::new()
        .file("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: web\n")
        .args(["-q", "a.yaml"])
        .stderr_has("error: ")
        .stderr_has(" --> a.yaml:")
        .stdout_has("1 error ")
        .code(2);
}

#[test]
fn a_scalar_that_readers_disagree_about_is_refused() {
    Check::new()
        .file("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {hostNetwork: yes}\n")
        .args(["a.yaml"])
        .stderr(
            "\
error: `yes` is a boolean to kubectl and a string to other readers
 --> a.yaml:4:21
  |
4 | spec: {hostNetwork: yes}
  |                     ^^^ spec.hostNetwork
  |
  = help: kubectl reads this as true; write `true`, or quote it: `\"yes\"`

",
        )
        .stdout("0 objects: 0 allowed, 0 denied, 0 changed, 0 warnings, 1 error    (builtin:recommended, Kubernetes 1.37)\n")
        .code(2);
}

#[test]
fn an_empty_file_is_an_error_if_there_is_nothing_else() {
    for text in ["", "# only a comment\n", "---\n---\n"] {
        Check::new()
            .file("empty.yaml", text)
            .args(["empty.yaml"])
            .stderr("error: `empty.yaml` holds no document\n\n")
            .stdout_has("0 objects")
            .code(2);
    }
    Check::new().file("empty.yaml", "").file("s.yaml", SERVICE).args(["."]).stdout_has("1 not covered").code(0);
}

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n";

#[test]
fn what_carries_no_pod_is_counted() {
    Check::new()
        .file("s.yaml", SERVICE)
        .args(["s.yaml"])
        .stdout("0 objects: 0 allowed, 0 denied, 0 changed, 0 warnings, 1 not covered    (builtin:recommended, Kubernetes 1.37)\n")
        .code(0);
    Check::new()
        .file("s.yaml", SERVICE)
        .args(["-v", "s.yaml"])
        .stdout(
            "\
s.yaml:1  not covered: Service web: it carries no Pod

0 objects: 0 allowed, 0 denied, 0 changed, 0 warnings, 1 not covered    (builtin:recommended, Kubernetes 1.37)
",
        )
        .code(0);
}

#[test]
fn a_document_that_is_no_kubernetes_object_is_an_error_and_the_rest_is_checked() {
    Check::new()
        .file("a.yaml", "replicas: 3\n---\n- a\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n")
        .args(["a.yaml"])
        .stderr(
            "\
error: `apiVersion` is missing
 --> a.yaml:1:1
  |
1 | replicas: 3
  | ^^^^^^^^^^^
  |
  = help: podgate checks Kubernetes objects; leave out files that hold anything else

error: this is no object, but of type array
 --> a.yaml:3:3
  |
3 | - a
  |   ^
  |
  = help: podgate checks Kubernetes objects; leave out files that hold anything else

",
        )
        .stdout_has("2 errors, 1 not covered")
        .code(2);
}

#[test]
fn a_pod_that_cannot_be_read_is_not_allowed() {
    Check::new()
        .file("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers: none\n")
        .args(["a.yaml"])
        .stdout(
            "\
error: `spec.containers` is a string, the API server wants a list of Container
 --> a.yaml:5:15
  |
5 |   containers: none
  |               ^^^^
  |
  = help: make it a list: `- ` stands before each element

Pod default/web: cannot be judged

1 object: 0 allowed, 0 denied, 0 changed, 0 warnings, 1 error    (builtin:recommended, Kubernetes 1.37)
",
        )
        .code(1);
}

#[test]
fn standard_input_is_read_once_and_has_a_name() {
    Check::new()
        .stdin("kind: Pod\n")
        .args(["-", "-"])
        .stderr_has("error: `apiVersion` is missing\n --> <stdin>:1:1\n")
        .stdout_has("1 error ")
        .code(2);
}

#[test]
fn folders_are_read_in_order_without_what_is_hidden() {
    let document = |name: &str| format!("apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n");
    Check::new()
        .file("b.yml", &document("third"))
        .file("a/z.json", r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "second"}}"#)
        .file("a/b.yaml", &document("first"))
        .file("README.md", "# not a manifest")
        .file(".git/c.yaml", "broken: [")
        .file(".pre-commit-config.yaml", "repos: []")
        .args(["-v", "."])
        .stdout_has(
            "\
./a/b.yaml:1  not covered: Service first: it carries no Pod
./a/z.json:1  not covered: Service second: it carries no Pod
./b.yml:1  not covered: Service third: it carries no Pod
",
        )
        .code(0);
}

#[test]
fn a_folder_with_nothing_to_check_is_an_error() {
    Check::new()
        .file("empty/README.md", "")
        .args(["empty"])
        .stderr(
            "\
error: `empty` holds no file to check
  = help: podgate looks for *.yaml, *.yml and *.json

",
        )
        .stdout_has("1 error ")
        .code(2);
}

#[cfg(unix)]
#[test]
fn a_folder_that_leads_back_to_itself_is_an_error_and_the_rest_is_checked() {
    Check::new()
        .file("a/s.yaml", SERVICE)
        .link("a/loop", "..")
        .args(["a"])
        .stderr("error: `a/loop/a` leads back to a folder that it is in\n\n")
        .stdout_has("1 error, 1 not covered")
        .code(2);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_an_error() {
    Check::new()
        .file("a/s.yaml", SERVICE)
        .link("a/gone.yaml", "nowhere")
        .args(["a"])
        .stderr("error: `a/gone.yaml` cannot be read: there is no such file\n\n")
        .stdout_has("1 error, 1 not covered")
        .code(2);
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_not_opened() {
    Check::new()
        .args(["/dev/zero"])
        .stderr("error: `/dev/zero` cannot be read: it is not a regular file\n\n")
        .stdout_has("1 error ")
        .code(2);
}

#[test]
fn a_list_of_a_whole_cluster_is_read() {
    let config = format!("apiVersion: v1\n  kind: ConfigMap\n  data: {{a: {}}}", "x".repeat(5 << 20));
    let pod = POD.trim_end().replace('\n', "\n  ");
    let text = format!("apiVersion: v1\nkind: List\nitems:\n- {config}\n- {pod}\n");
    Check::new().file("a.yaml", &text).args(["a.yaml"]).stdout_has("1 object: 1 allowed").code(0);
}

#[test]
fn a_file_that_is_no_text_is_an_error() {
    Check::new()
        .bytes("a.yaml", b"\xff\xfek\0i\0")
        .args(["a.yaml"])
        .stderr_has("error: this is UTF-16, or not a text\n")
        .stdout_has("1 error ")
        .code(2);
}

#[test]
fn an_update_needs_the_old_objects() {
    Check::new()
        .file("a.yaml", POD)
        .args(["--operation", "update", "a.yaml"])
        .stderr(
            "\
error: `--operation UPDATE` needs the old objects
  = help: name the file that holds the objects as they are with `--old FILE`

",
        )
        .code(2);
    Check::new()
        .file("a.yaml", POD)
        .file("old.yaml", SERVICE)
        .args(["--operation", "UPDATE", "--old", "old.yaml", "a.yaml"])
        .stdout_has("error: the file of `--old` holds no Pod `default/web`\n --> a.yaml:3:18\n")
        .code(1);
}

#[test]
fn json_is_json_whatever_goes_wrong() {
    let cases: [(&[&str], &str); 4] = [
        (&[], "there is nothing to check"),
        (&["nope.yaml"], "`nope.yaml` cannot be read: there is no such file"),
        (&["bad.yaml"], "`yes` is a boolean to kubectl and a string to other readers"),
        (&["--policy", "nope", "pod.yaml"], "nope"),
    ];
    for (arguments, expected) in cases {
        let check =
            Check::new().file("bad.yaml", "a: yes\n").file("pod.yaml", POD).args(["-o", "json"]).args(arguments);
        let report = check.json(2);
        let message = report["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(expected), "{message}");
        assert_eq!(report["summary"]["errors"], 1);
        assert_eq!(report["objects"], serde_json::json!([]));
    }
}

#[test]
fn an_error_in_json_has_its_place() {
    let report = Check::new().file("bad.yaml", "a: yes\n").args(["-o", "json", "bad.yaml"]).json(2);
    let expected = serde_json::json!({
        "file": "bad.yaml",
        "line": 1,
        "column": 4,
        "message": "`yes` is a boolean to kubectl and a string to other readers",
        "help": "kubectl reads this as true; write `true`, or quote it: `\"yes\"`",
    });
    assert_eq!(report["errors"], serde_json::json!([expected]));
}

#[test]
fn the_keys_of_the_json_stand_in_their_order() {
    let text = Check::new().file("s.yaml", SERVICE).args(["-o", "json", "s.yaml"]).output().stdout;
    let keys = [
        "schemaVersion",
        "podgate",
        "kubernetes",
        "as",
        "now",
        "policySet",
        "policies",
        "objects",
        "notCovered",
        "errors",
        "warnings",
        "summary",
    ];
    let places =
        keys.map(|key| text.find(&format!("\n  \"{key}\": ")).unwrap_or_else(|| panic!("no `{key}` in {text}")));
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn nothing_in_a_file_reaches_the_terminal_as_a_command() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: \"\\e[2Jweb\"}\nspec: {containers: [{name: \"\\x9b\", image: 7}]}\n";
    for format in ["text", "json", "yaml", "diff", "patch"] {
        let output = Check::new().file("a.yaml", text).args(["-o", format, "a.yaml"]).output();
        for stream in [output.stdout, output.stderr] {
            let found = stream.chars().find(|char| char.is_control() && *char != '\n');
            assert_eq!(found, None, "{format}: {stream:?}");
        }
    }
}

#[test]
fn completions_and_version_are_printed() {
    Check::command("--version").stdout(concat!("podgate ", env!("CARGO_PKG_VERSION"), "\n")).code(0);
    Check::command("completions").args(["bash"]).stdout_has("_podgate()").code(0);
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let output = Check::new().file("a.yaml", POD).args(["-o", "yaml", "a.yaml"]).output_to_closed_pipe();
    assert_eq!(output.stderr, "");
    assert_eq!(output.code, Some(0));
    // The exit code is an answer, too: `set -o pipefail` must not take a denial for consent.
    let policy = "apiVersion: podgate.dev/v1alpha1\nkind: ClusterPodPolicy\nmetadata: {name: p}\n\
        spec: {mode: Enforce, rules: [{name: r, require: {pod: 'false', message: wrong}}]}\n";
    for format in ["text", "json", "yaml", "diff", "patch"] {
        let arguments = ["-p", "p.yaml", "-o", format, "a.yaml"];
        let check = Check::new().file("a.yaml", POD).file("p.yaml", policy).args(arguments);
        assert_eq!(check.output_to_closed_pipe().code, Some(1), "{format}");
    }
}

#[test]
fn a_file_named_for_something_that_it_does_not_hold_is_an_error() {
    for (arguments, expected) in [
        (["-p", "empty.yaml", "a.yaml"], "error: there is no policy in `empty.yaml`\n"),
        (["--limit-range", "a.yaml", "a.yaml"], "error: `a.yaml` holds no LimitRange\n"),
    ] {
        let check = Check::new().file("a.yaml", POD).file("empty.yaml", "# nothing yet\n");
        let printed = check.args(arguments).output();
        assert!(printed.stderr.contains(expected), "{}", printed.stderr);
        assert_eq!(printed.code, Some(2), "{arguments:?}");
    }
}

#[test]
fn a_namespace_that_cannot_be_is_refused() {
    Check::new()
        .file("a.yaml", POD)
        .args(["-n", "Shop", "a.yaml"])
        .stderr_has("error: invalid value 'Shop' for '--namespace <NAME>': a namespace is named by at most 63 of")
        .code(2);
}

#[test]
fn an_object_that_the_old_file_does_not_hold_is_said_to_be_new() {
    let run = |name: &str| {
        Check::new()
            .file("a.yaml", POD)
            .file("old.yaml", &POD.replace("web}", name))
            .args(["--old", "old.yaml", "a.yaml"])
    };
    let said = "assumed: Pod `default/web` is new: the file of `--old` does not hold it\n";
    run("other}").stdout_has(said).code(0);
    assert!(!run("web}").output().stdout.contains("is new"));
}

#[test]
fn two_namespaces_of_one_name_are_warned_of_if_their_labels_differ() {
    let namespace =
        |labels: &str| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {labels}}}\n---\n");
    let run =
        |second: &str| Check::new().file("a.yaml", &(namespace("{a: b}") + &namespace(second) + POD)).args(["a.yaml"]);
    let warning = "\
warning: the inputs hold the namespace `shop` before, with other labels; these count
 --> a.yaml:7:18
  |
7 | metadata: {name: shop, labels: {a: c}}
  |                  ^^^^

";
    run("{a: c}").stdout_has("1 allowed").stdout_has(", 3 warnings ").stderr(warning).code(0);
    run("{a: b}").stdout_has("1 allowed").stdout_has(", 2 warnings ").stderr("").code(0);
    let fails = ["-p", "builtin:baseline", "--fail-on", "warn"];
    run("{a: c}").args(fails).stdout_has("1 allowed").stdout_has(", 1 warning ").stderr(warning).code(0);
    let report = run("{a: c}").args(["-o", "json"]).json(0);
    let expected = serde_json::json!([{"file": "a.yaml", "line": 7, "column": 18, "help": null,
        "message": "the inputs hold the namespace `shop` before, with other labels; these count"}]);
    assert_eq!((&report["warnings"], &report["errors"]), (&expected, &serde_json::json!([])));
    assert_eq!((&report["summary"]["warnings"], &report["summary"]["errors"]), (&3.into(), &0.into()));
}
