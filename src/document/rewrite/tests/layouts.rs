//! Whole texts, before and after.

use super::{Reason, change};

/// Each case: the text, the changes, the text after them.
type Case = (&'static str, &'static [&'static str], &'static str);

#[track_caller]
fn all(cases: &[Case]) {
    for (text, changes, expected) in cases {
        assert_eq!(change(text, changes), ((*expected).to_owned(), Vec::new()), "{text}");
    }
}

#[test]
fn a_member_goes_below_the_last_one_and_comments_stay() {
    all(&[
        ("a: 1\n", &["b=2"], "a: 1\nb: 2\n"),
        ("a: 1", &["b=2"], "a: 1\nb: 2"),
        ("a: 1\r\n", &["b={\"c\":2}"], "a: 1\r\nb:\r\n  c: 2\r\n"),
        ("x: 0\r\na: 1", &["b=2"], "x: 0\r\na: 1\r\nb: 2"),
        ("\u{feff}a: 1\n", &["b=2"], "\u{feff}a: 1\nb: 2\n"),
        ("# top\n\na: 1  # one\n# end\n", &["b=2"], "# top\n\na: 1  # one\nb: 2\n# end\n"),
        ("a:\n  b: 1\n\n# of c\nc: 1\n", &["a.d=2"], "a:\n  b: 1\n  d: 2\n\n# of c\nc: 1\n"),
        ("a:\n  b: 1\n", &["a.c=2", "d=3"], "a:\n  b: 1\n  c: 2\nd: 3\n"),
        ("a:\n  b: 1\n", &["d=3", "a.c=2"], "a:\n  b: 1\n  c: 2\nd: 3\n"),
        ("a: |\n  x\n\n\nb: 1\n", &["c=2"], "a: |\n  x\n\n\nb: 1\nc: 2\n"),
        ("a: |\n  x\n\n\n", &["c=2"], "a: |\n  x\nc: 2\n\n\n"),
        ("a: |+\n  x\n\n\n", &["c=2"], "a: |+\n  x\n\n\nc: 2\n"),
        ("a: |+\n  x\n\n", &["c=2"], "a: |+\n  x\n\nc: 2\n"),
        ("a: >-\n  x\n  y", &["c=2"], "a: >-\n  x\n  y\nc: 2"),
        ("a: x\n  y\n", &["c=2"], "a: x\n  y\nc: 2\n"),
        ("a: \"x\n  y\" # z\n", &["c=2"], "a: \"x\n  y\" # z\nc: 2\n"),
        ("b: 1\na:\n", &["c=2"], "b: 1\na:\nc: 2\n"),
        ("b: 1\na: # none\n", &["c=2"], "b: 1\na: # none\nc: 2\n"),
        ("a: {b: 1,\n  c: 2}\n", &["d=3"], "a: {b: 1,\n  c: 2}\nd: 3\n"),
        ("'a': 1\n", &["b=\"yes\""], "'a': 1\nb: \"yes\"\n"),
        ("a: &x 1\nb: *x\n", &["c=2"], "a: &x 1\nb: *x\nc: 2\n"),
        ("a: 1\n...\n", &["b=2"], "a: 1\nb: 2\n...\n"),
        ("a: 1\n", &["b=\"x\\ny\\n\""], "a: 1\nb: |\n  x\n  y\n"),
        ("a: 1\r\n", &["b.c=\"x\\ny\""], "a: 1\r\nb:\r\n  c: |-\r\n    x\r\n    y\r\n"),
    ]);
}

#[test]
fn what_is_new_is_laid_out_as_the_rest() {
    all(&[
        ("a:\n    b: 1\n", &["a.c.d=2"], "a:\n    b: 1\n    c:\n        d: 2\n"),
        ("a:\n  - b: 1\n", &["c.d=[1]"], "a:\n  - b: 1\nc:\n  d:\n    - 1\n"),
        ("a:\n- b: 1\n", &["c.d=[1]"], "a:\n- b: 1\nc:\n  d:\n  - 1\n"),
        ("a:\n- b: 1\n", &["a[0].c=[1]"], "a:\n- b: 1\n  c:\n  - 1\n"),
        ("a:\n  -   b: 1\n", &["a[0].c={\"d\":1}"], "a:\n  -   b: 1\n      c:\n        d: 1\n"),
        ("a:\n- - b: 1\n", &["a[0][0].c=2"], "a:\n- - b: 1\n    c: 2\n"),
        ("a:\n-\n  # x\n  b: 1\n", &["a[0].c=2", "a[1]=3"], "a:\n-\n  # x\n  b: 1\n  c: 2\n- 3\n"),
        ("a:\n- &x b: 1\n  c: 2\n", &["a[0].d=2"], "a:\n- &x b: 1\n  c: 2\n  d: 2\n"),
    ]);
}

#[test]
fn elements_go_below_the_last_one() {
    all(&[
        ("a:\n- b\n", &["a[1]=\"c\""], "a:\n- b\n- c\n"),
        (
            "a:\n  - b # x\n  # y\nz: 1\n",
            &["a[1]={\"c\":1,\"d\":2}"],
            "a:\n  - b # x\n  - c: 1\n    d: 2\n  # y\nz: 1\n",
        ),
        ("a:\n- b: 1\n  c: 2\n", &["a[1].b=2"], "a:\n- b: 1\n  c: 2\n- b: 2\n"),
        ("a:\n- - 1\n  - 2\n- [3]\n", &["a[0][2]=3", "a[1][1]=4"], "a:\n- - 1\n  - 2\n  - 3\n- [3, 4]\n"),
        ("a:\n- [1]\n", &["a[1]=2"], "a:\n- [1]\n- 2\n"),
        ("- a: 1\n", &["[1]=2"], "- a: 1\n- 2\n"),
        ("a:\n- b\n", &["a[1]=1", "a[2]=2"], "a:\n- b\n- 1\n- 2\n"),
        ("a:\n- b\n-\n- # x\nc: 1\n", &["a[3]=1"], "a:\n- b\n-\n- # x\n- 1\nc: 1\n"),
    ]);
}

#[test]
fn scalars_keep_their_quotes_and_their_comments() {
    all(&[
        ("a: 30 # s\nb: 1\n", &["a=45"], "a: 45 # s\nb: 1\n"),
        ("a: \"x:1\" # s\n", &["a=\"y:\\\"2\""], "a: \"y:\\\"2\" # s\n"),
        ("a: 'x'\n", &["a=\"it's\""], "a: 'it''s'\n"),
        ("a: x\n", &["a=\"y: z\""], "a: 'y: z'\n"),
        ("a: x\n", &["a=\"b,c\""], "a: b,c\n"),
        ("a: {b: x}\n", &["a.b=\"b,c\""], "a: {b: 'b,c'}\n"),
        ("a:\n- x # y\n- z\n", &["a[0]=true"], "a:\n- true # y\n- z\n"),
        ("a: x\n  y\nb: 1\n", &["a=\"z\""], "a: z\nb: 1\n"),
        ("a: |\n  x\n  y\nb: 1\n", &["a=\"z\""], "a: z\nb: 1\n"),
        ("a: &x 1\nb: 2\n", &["a=3"], "a: &x 3\nb: 2\n"),
        ("a: !!int 1\n", &["a=3"], "a: !!int 3\n"),
        ("a: ~ # none\n", &["a.b=[1]"], "a: {b: [1]} # none\n"),
        ("a: {}\nb: [ ]\n", &["a.b=1"], "a: {b: 1}\nb: [ ]\n"),
        ("a: { } # x\nb: [\n  ]\n", &["a.b=1", "b[0]=2"], "a: {b: 1} # x\nb: [2]\n"),
        ("é: x # ü\n", &["é=\"ö\""], "é: ö # ü\n"),
    ]);
}

#[test]
fn a_key_without_a_value_gets_one() {
    all(&[
        ("a:\nb: 1\n", &["a=2"], "a: 2\nb: 1\n"),
        ("a:   # none\n", &["a=2"], "a: 2   # none\n"),
        ("a: # none\nb: 1\n", &["a.c=2"], "a: # none\n  c: 2\nb: 1\n"),
        ("a:\nb: [1]\n", &["a=[{\"x\":1,\"z\":2}]"], "a:\n- x: 1\n  z: 2\nb: [1]\n"),
        ("a:\n  b:\n", &["a.b.c=2", "a.d=3"], "a:\n  b:\n    c: 2\n  d: 3\n"),
        ("'a' :\n", &["a={}"], "'a' : {}\n"),
        ("{a: , b: 1}\n", &["a.c=2"], "{a: {c: 2} , b: 1}\n"),
        ("{a, b}\n", &["a.c=2", "b=1"], "{a: {c: 2}, b: 1}\n"),
    ]);
}

#[test]
fn brackets_stay_as_they_are() {
    all(&[
        ("a: {b: 1} # x\n", &["a.c={\"d\":[\"e\"]}"], "a: {b: 1, c: {d: [e]}} # x\n"),
        ("a: { b: 1 }\n", &["a.c=2"], "a: { b: 1, c: 2 }\n"),
        ("a: {b: }\nc: {d}\n", &["a.e=2", "c.e=2"], "a: {b: , e: 2 }\nc: {d, e: 2}\n"),
        ("a: {b: }\n", &["a.b=1", "a.e=2"], "a: {b: 1 , e: 2 }\n"),
        ("a: {\n  b: # none\n}\n", &["a.e=2"], "a: {\n  b: , # none\n  e: 2\n}\n"),
        ("a: {b: {c: 1}}\n", &["a.b.d=2", "a.e=3"], "a: {b: {c: 1, d: 2}, e: 3}\n"),
        ("a: [1, [2]]\n", &["a[1][1]=3", "a[2]=4"], "a: [1, [2, 3], 4]\n"),
        ("a: {b: 1,\n    c: 2}\n", &["a.d=3"], "a: {b: 1,\n    c: 2,\n    d: 3}\n"),
        ("a: {\n  b: 1, # x\n  c: 2 # y\n}\n", &["a.d=3"], "a: {\n  b: 1, # x\n  c: 2, # y\n  d: 3\n}\n"),
        ("a: [\n  1, # x\n  2, # y\n  # z\n]\n", &["a[2]=3"], "a: [\n  1, # x\n  2, # y\n  3,\n  # z\n]\n"),
        ("a: [1, 2,]\n", &["a[2]=3"], "a: [1, 2, 3,]\n"),
        ("a: {\r\n  b: 1\r\n}\r\n", &["a.d=3"], "a: {\r\n  b: 1,\r\n  d: 3\r\n}\r\n"),
        ("- {name: a, image: b}\n- {name: c}\n", &["[0].x.z=1"], "- {name: a, image: b, x: {z: 1}}\n- {name: c}\n"),
    ]);
}

#[test]
fn json_stays_json() {
    all(&[
        (r#"{"a":1}"#, &["b.c=[\"d\"]"], r#"{"a":1,"b":{"c":["d"]}}"#),
        (r#"{"a": 1}"#, &["b.c=[\"d\",1]"], r#"{"a": 1, "b": {"c": ["d", 1]}}"#),
        (
            r#"{"a": "x", "b": [], "c": null}"#,
            &["a=\"y\"", "b[0]=1", "c.d=2"],
            r#"{"a": "y", "b": [1], "c": {"d": 2}}"#,
        ),
        (
            "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n",
            &["a.c.d=[1]", "e=2"],
            "{\n  \"a\": {\n    \"b\": 1,\n    \"c\": {\n      \"d\": [\n        1\n      ]\n    }\n  },\n  \"e\": 2\n}\n",
        ),
        (
            "{\r\n\t\"a\": [\r\n\t\t1\r\n\t]\r\n}",
            &["a[1]={\"b\":2}"],
            "{\r\n\t\"a\": [\r\n\t\t1,\r\n\t\t{\r\n\t\t\t\"b\": 2\r\n\t\t}\r\n\t]\r\n}",
        ),
        ("{\"a\":1}{\"b\":2}\n {\"c\":3}\n", &["1:d=4", "2:e=5"], "{\"a\":1}{\"b\":2,\"d\":4}\n {\"c\":3,\"e\":5}\n"),
        ("a: 1\n---\n{\"b\": 1}\n", &["1:c=\"d\""], "a: 1\n---\n{\"b\": 1, c: d}\n"),
    ]);
}

#[test]
fn each_document_has_its_own_changes() {
    all(&[
        (
            "---\na: 1\n---\n# x\nb: 2\n--- # y\nc: 3\n",
            &["0:d=1", "2:d=2"],
            "---\na: 1\nd: 1\n---\n# x\nb: 2\n--- # y\nc: 3\nd: 2\n",
        ),
        ("a: 1\n---\n---\nb: 2\n---", &["1:c=1"], "a: 1\n---\n---\nb: 2\nc: 1\n---"),
    ]);
}

#[test]
fn what_cannot_be_changed_in_place_is_left_and_the_rest_is_done() {
    let many = "a: 1\nb: {c: 1}\nd: [1]\n";
    let places = [Reason::NoPlace, Reason::Anew, Reason::NoPlace, Reason::Anew];
    for (text, changes, expected, left) in [
        (
            "a: &x {b: 1}\nc: *x\n",
            &["a.d=1", "c.d=1", "e=2"][..],
            "a: &x {b: 1}\nc: *x\ne: 2\n",
            &[Reason::Shared; 2][..],
        ),
        ("a: &x\n  b: 1\nc: *x\n", &["a.b=2"], "a: &x\n  b: 1\nc: *x\n", &[Reason::Shared]),
        ("a: &x 1\nc: *x\n", &["a=2", "c=2"], "a: &x 1\nc: *x\n", &[Reason::Shared; 2]),
        ("a: {\n  \tb: 1\n}\n", &["a.c=2"], "a: {\n  \tb: 1\n}\n", &[Reason::Tabs]),
        (many, &["a.x=1", "b=1", "d[3]=1", "d=[]"], many, &places),
        ("a: !!str 1\nb: 1\n", &["a=2", "b=2"], "a: !!str 1\nb: 2\n", &[Reason::Unproven]),
        ("a: { # none\n  }\n", &["a.b=1"], "a: { # none\n  }\n", &[Reason::Anew]),
        ("? a\n: 1\n", &["b=2"], "? a\n: 1\n", &[Reason::NoPlace]),
        ("a: [\n", &["b=2"], "a: [\n", &[Reason::Unproven]),
        ("a: 1\n", &["7:b=2"], "a: 1\n", &[Reason::NoPlace]),
    ] {
        let (after, reasons) = change(text, changes);
        let reasons: Vec<_> = reasons.into_iter().map(|(_, reason)| reason).collect();
        assert_eq!((after.as_str(), reasons.as_slice()), (expected, left), "{text}");
    }
}
