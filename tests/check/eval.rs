//! `podgate eval`: a value and the exit code 0, or what is wrong and the exit code 2.

use crate::program::Check;

const POD: &str =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - {name: app, image: redis}\n";

fn eval(expression: &str) -> Check {
    Check::command("eval").args([expression])
}

#[test]
fn a_value_is_printed_as_json_in_one_line() {
    for (expression, printed) in [
        ("1 + 2", "3"),
        ("-1", "-1"),
        ("'a' + \"b\"", "\"ab\""),
        ("{'a': [dyn(1.5), dyn(null), dyn(true)]}", "{\"a\":[1.5,null,true]}"),
        ("18446744073709551615u", "18446744073709551615"),
        ("b'hi'", "\"aGk=\""),
        ("duration('90m')", "\"5400s\""),
        ("timestamp('2026-11-25T08:30:00+02:00')", "\"2026-11-25T08:30:00+02:00\""),
        ("quantity('1024Mi')", "\"1Gi\""),
        ("double('inf')", "\"Infinity\""),
        ("optional.none()", "optional.none()"),
        ("optional.of([1])", "[1]"),
        ("type(1)", "int"),
        ("'two\\nlines'", "\"two\\nlines\""),
        ("'\\u009b\\u202e'", "\"\\u009b\\u202e\""),
    ] {
        eval(expression).stdout(&format!("{printed}\n")).code(0);
    }
}

#[test]
fn the_type_is_printed_below_the_value() {
    for (expression, printed) in [
        ("1u", "1\nuint\n"),
        ("optional.of(1)", "1\noptional_type(int)\n"),
        ("['a']", "[\"a\"]\nlist(string)\n"),
        ("[]", "[]\nlist(dyn)\n"),
        ("[dyn(1), 'a']", "[1,\"a\"]\nlist(dyn)\n"),
        ("{'a': [1.5]}", "{\"a\":[1.5]}\nmap(string, list(double))\n"),
        ("duration('1s')", "\"1s\"\ngoogle.protobuf.Duration\n"),
    ] {
        eval(expression).args(["--types"]).stdout(printed).code(0);
    }
}

#[test]
fn objects_and_variables_are_given_by_files_and_by_arguments() {
    let expression = "object.spec.containers.all(c, c.image in images) && oldObject == null";
    let run = eval(expression).file("pod.yaml", POD).args(["--object", "pod.yaml", "--var", "images=[\"redis\"]"]);
    run.stdout("true\n").code(0);
    let run = eval("oldObject.metadata.name").file("pod.yaml", POD).args(["--old", "pod.yaml"]);
    run.stdout("\"web\"\n").code(0);
    eval("object.a").args(["--object", "-"]).stdin("{\"a\": 3}").stdout("3\n").code(0);
}

#[test]
fn only_what_is_given_exists() {
    eval("object").stderr_has("there is no variable `object`").code(2);
    eval("limt + 1").args(["--var", "limit=3"]).stderr_has("did you mean `limit`?").code(2);
}

#[test]
fn an_error_shows_the_part_that_failed() {
    let run = eval("1 + list[5]").args(["--var", "list=[1]"]);
    run.stderr(
        "error: index 5 of a list of 1 element: `list`\n --> <expression>:1:5\n  |\n1 | 1 + list[5]\n  |     ^^^^^^^ `list` is [1]\n\n",
    )
    .code(2);
    let run = eval("pods.all(p, p.size + 1 < 5)").args(["--var", "pods=[{\"size\": 3}, {\"size\": \"x\"}]"]);
    run.stderr_has("error: `+` is not defined for a string and an int in `p.size + 1`\n --> <expression>:1:13\n")
        .stderr_has("^^^^^^^^^^ `p.size` is \"x\", in element 1 of `pods`\n")
        .code(2);
}

#[test]
fn every_mistake_is_shown_at_its_place() {
    let run = eval("1 + 'a' == b");
    run.stderr_has("`+` is not defined for an int and a string").stderr_has("there is no variable `b`").code(2);
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    for (argument, complaint) in [
        ("limit", "`limit` is not a name and a value"),
        ("1a=3", "`1a` is not the name of a variable"),
        ("a=[1", "the value of `a` is not JSON"),
    ] {
        eval("1").args(["--var", argument]).stderr_has(complaint).stderr_has("--var NAME=JSON").code(2);
    }
    eval("a").args(["--var", "a=1", "--var", "a=2"]).stderr_has("`a` is given twice").code(2);
    let two = format!("{POD}---\n{POD}");
    let run = eval("object").file("two.yaml", &two).args(["--object", "two.yaml"]);
    run.stderr_has("`two.yaml` holds 2 documents, and one is wanted").code(2);
    eval("object").args(["--object", "none.yaml"]).stderr_has("none.yaml").code(2);
    let long = format!("'{}'", "a".repeat(5000));
    eval(&long).stderr_has("the expression is 5002 bytes long; at most 4096 are allowed").code(2);
}

#[test]
fn a_budget_bounds_every_expression() {
    let many = "lists.range(1000)";
    let run = eval(&format!("{many}.all(a, {many}.all(b, {many}.all(c, a + b + c >= 0)))"));
    run.stderr_has("its budget is exhausted").code(2);
}
