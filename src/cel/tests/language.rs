//! The core of the language.

use super::check;

#[test]
fn whole_numbers_are_checked_and_never_converted() {
    check(&[
        ("1 + 2 * 3", "7"),
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("-7 % 2", "-1"),
        ("1u + 2u", "3"),
        ("0x10", "16"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775807 + 1", "error: integer overflow in `9223372036854775807 + 1`"),
        ("-9223372036854775807 - 2", "error: integer overflow in `-9223372036854775807 - 2`"),
        ("9223372036854775807 * 2", "error: integer overflow in `9223372036854775807 * 2`"),
        ("-9223372036854775808 / -1", "error: integer overflow in `-9223372036854775808 / -1`"),
        ("-(-9223372036854775807 - 1)", "error: integer overflow in `-(-9223372036854775807 - 1)`"),
        ("0u - 1u", "error: integer overflow in `0u - 1u`"),
        ("1 / 0", "error: division by zero in `1 / 0`"),
        ("1 % 0", "error: division by zero in `1 % 0`"),
        ("1.0 / 0.0", "+Inf"),
        ("1.5 + 2.5", "4"),
        ("object.metadata.replicas + 1", "4"),
        (
            "object.metadata.replicas + 1.0",
            "error: `+` is not defined for an int and a double in `object.metadata.replicas + 1.0`",
        ),
        ("object.spec.large > 9223372036854775807", "true"),
        ("!object.spec.hostNetwork", "false"),
        ("-object.spec.ratio", "-1.5"),
        ("!object.metadata.name", "error: `object.metadata.name` is a string, not a bool"),
    ]);
}

#[test]
fn numbers_compare_across_types_and_other_types_are_unequal() {
    check(&[
        ("dyn(1) == 1.0", "true"),
        ("1u == dyn(1)", "true"),
        ("1 < 2.5 && 2.5 < 3u", "true"),
        ("dyn(1) == 'a'", "false"),
        ("dyn(1) != 'a'", "true"),
        ("object.metadata.replicas == 3.0", "true"),
        ("object.metadata.name == 3", "false"),
        ("object.spec.nothing == null", "true"),
        ("object != null", "true"),
        ("oldObject == null", "true"),
        ("double('nan') == double('nan')", "false"),
        ("double('nan') != double('nan')", "true"),
        ("double('nan') < 1.0", "error: a NaN has no order in `double('nan') < 1.0`"),
        ("9007199254740993 > 9007199254740992.0", "false"),
        ("'a' < 'b' && 'B' < 'a' && 'a' < 'é'", "true"),
        ("false < true", "true"),
        ("b'a' < b'b'", "true"),
        ("object.metadata.name < 3", "error: `<` is not defined for a string and an int in `object.metadata.name < 3`"),
        (
            "[1, 2] == [1.0, 2u]",
            "problem: the elements of a list must be of one type: this is a uint, not a double (`dyn(..)` around each lets it hold several)",
        ),
        ("[1, 2] == dyn([1.0, 2.0])", "true"),
        ("{'a': 1, 'b': 2} == dyn({'b': 2.0, 'a': 1.0})", "true"),
        ("{'a': 1} == {'a': 2}", "false"),
        ("[[1], [2]] == [[1], [2, 3]]", "false"),
        ("object.spec.containers[1].command == ['/bin/proxy', '--port', '80']", "true"),
        ("['/bin/proxy', '--port', '80'] == object.spec.containers[1].command", "true"),
        ("object.metadata.labels == {'app.kubernetes.io/name': 'web', 'team': 'a'}", "true"),
        ("object.spec == object.spec", "true"),
        ("object.spec.containers[0] in object.spec.containers", "true"),
    ]);
}

#[test]
fn what_decides_absorbs_errors() {
    check(&[
        ("true || 1 / 0 > 0", "true"),
        ("1 / 0 > 0 || true", "true"),
        ("1 / 0 > 0 && false", "false"),
        ("false && 1 / 0 > 0", "false"),
        ("1 / 0 > 0 || false", "error: division by zero in `1 / 0`"),
        ("1 / 0 > 0 && true", "error: division by zero in `1 / 0`"),
        ("object.no || 1 / 0 > 0 || true", "true"),
        ("object.no || 1 / 0 > 0", "error: `object.no` is missing"),
        ("object.metadata.name || true", "true"),
        ("object.metadata.name || false", "error: `object.metadata.name` is a string, not a bool"),
        ("[1, 0, 2].all(x, 4 / x > 3)", "false"),
        ("[1, 0].all(x, 4 / x > 3)", "error: division by zero in `4 / x`"),
        ("[0, 1].exists(x, 1 / x == 1)", "true"),
        ("[0, 2].exists(x, 1 / x == 1)", "error: division by zero in `1 / x`"),
        ("[0, 1].exists_one(x, 1 / x == 1)", "error: division by zero in `1 / x`"),
        ("true ? 1 : 1 / 0", "1"),
        ("object.no ? 1 : 2", "error: `object.no` is missing"),
    ]);
}

#[test]
fn fields_indices_and_presence() {
    check(&[
        ("object.metadata.name", "web"),
        ("object.metadata.labels['app.kubernetes.io/name']", "web"),
        ("object['metadata'].name", "web"),
        ("object.metadata.`name`", "web"),
        ("has(object.metadata.namespace) || has(object.spec.if)", "false"),
        ("object.spec.containers[1].name", "proxy"),
        ("object.spec.containers[1u].name == object.spec.containers[1.0].name", "true"),
        ("object.spec.containers[2]", "error: index 2 of a list of 2 elements: `object.spec.containers`"),
        ("object.spec.containers[-1]", "error: index -1 of a list of 2 elements: `object.spec.containers`"),
        ("object.spec.containers['a']", "error: a list is not indexed by a string: `'a'`"),
        ("object.spec.nope.more", "error: `object.spec.nope` is missing"),
        (
            "object.spec.containers[0].resources.requests",
            "error: `object.spec.containers[0].resources.requests` is missing",
        ),
        ("object.metadata.name.first", "error: `object.metadata.name` is a string and has no fields"),
        ("object.spec.nothing.more", "error: `object.spec.nothing` is null and has no fields"),
        ("object.spec[1]", "error: `object.spec[1]` is missing"),
        ("has(object.spec)", "true"),
        ("has(object.spec.hostPID)", "false"),
        ("has(object.spec.hostPID.more)", "error: `object.spec.hostPID` is missing"),
        ("has(object.spec.nothing)", "true"),
        ("'team' in object.metadata.labels", "true"),
        ("'no' in object.metadata.labels", "false"),
        ("object.metadata.name in ['web', 'db']", "true"),
        ("'80' in object.spec.containers[1].command", "true"),
        ("dyn(1) in {1u: 'a'}", "true"),
        ("{1: 'a'}[dyn(1u)]", "a"),
        ("{true: 'a'}[true]", "a"),
        ("dyn(1.0) in [1, 2]", "true"),
        (
            "'a' in object.metadata.name",
            "error: `in` is not defined for a string and a string in `'a' in object.metadata.name`",
        ),
        ("{'a': 1, 'a': 2}", r#"{"a": 2}"#),
        ("{'a': 1, ?'a': optional.none()}", "{}"),
        ("{'a': [], 'b': [true, false]}", r#"{"a": [], "b": [true, false]}"#),
        ("namespaceObject.metadata", "error: the namespace is not known yet in `namespaceObject`"),
    ]);
}

#[test]
fn macros_go_through_lists_and_keys() {
    check(&[
        ("object.spec.containers.all(c, c.name != '')", "true"),
        ("[].all(x, false)", "true"),
        ("[].exists(x, true)", "false"),
        ("object.spec.containers.exists(c, c.name == 'proxy')", "true"),
        ("object.spec.containers.exists_one(c, c.name == 'app')", "true"),
        ("[1, 1].existsOne(i, x, x == 1)", "false"),
        ("object.spec.containers.map(c, c.name)", r#"["app", "proxy"]"#),
        ("object.spec.containers.map(c, c.name != 'app', c.image)", r#"["registry.example.com/proxy:1.2"]"#),
        ("[1, 2, 3].filter(x, x > 1)", "[2, 3]"),
        ("object.metadata.labels.filter(k, k.contains('.'))", r#"["app.kubernetes.io/name"]"#),
        ("object.metadata.labels.all(k, object.metadata.labels[k] != '')", "true"),
        ("[1, 2].map(x, [10, 20].map(y, x * y))", "[[10, 20], [20, 40]]"),
        ("[1, 2].map(x, [x].map(x, x + 1))", "[[2], [3]]"),
        ("[[1, 2], [3]].all(a, a.exists(b, a.all(c, c <= b)))", "true"),
        ("object.spec.containers.exists(object, object.name == 'app')", "true"),
        ("object.metadata.name.all(x, true)", "error: `object.metadata.name` is a string, not a list"),
        ("object.spec.containers.all(c, c.name)", "error: `c.name` is a string, not a bool"),
        ("[1, 2].map(x, x > 1, x / 0)", "error: division by zero in `x / 0`"),
        ("variables.team == 'a' && has(variables.team)", "true"),
        ("variables.broken", "error: no such key: `nothing` in `variables.broken`"),
    ]);
}

#[test]
fn macros_with_two_variables_go_through_places_and_entries() {
    check(&[
        ("object.spec.containers.all(i, c, i < 2 && c.name != '')", "true"),
        ("object.metadata.labels.exists(k, v, k == 'team' && v == 'a')", "true"),
        ("[5, 6].existsOne(i, x, i == 1 && x == 6)", "true"),
        ("[0, 1].exists(i, x, 1 / x == 1)", "true"),
        ("[5, 6].transformList(i, x, i + x)", "[5, 7]"),
        ("{'a': 1, 'b': 2}.transformList(k, v, v > 1, k)", r#"["b"]"#),
        ("{'a': 1, 'b': 2}.transformMap(k, v, v * 10)", r#"{"a": 10, "b": 20}"#),
        ("{'a': 1, 'b': 2}.transformMap(k, v, k == 'a', v * 10)", r#"{"a": 10}"#),
        ("['x', 'y'].transformMap(i, x, x)", r#"{0: "x", 1: "y"}"#),
        ("{'a': 'x', 'b': 'y'}.transformMapEntry(k, v, {v: k})", r#"{"x": "a", "y": "b"}"#),
        ("['x', 'x'].transformMapEntry(i, x, {x: i})", "error: duplicate key `x` in `{x: i}`"),
        ("[1, 2].map(x, [3].all(i, y, i + y > x))", "[true, true]"),
    ]);
}

#[test]
fn optional_values() {
    check(&[
        ("object.spec.?hostNetwork.orValue(false)", "true"),
        ("object.spec.?hostIPC.orValue(false)", "false"),
        ("object.?no.?such.?field.orValue('none')", "none"),
        ("object.?no.such.field.hasValue()", "false"),
        ("object.?metadata.labels.team", r#"optional.of("a")"#),
        ("object.?metadata.labels['team'].value()", "a"),
        ("object.?metadata[?'no']", "optional.none()"),
        ("object.spec.containers[?5]", "optional.none()"),
        ("object.spec.containers[?0].name.orValue('')", "app"),
        ("has(object.?no.such)", "false"),
        ("optional.of(1).value() + 1", "2"),
        ("optional.of(1).orValue(1 / 0)", "1"),
        ("object.?spec.or(object.no).hasValue()", "true"),
        ("object.?no.orValue(1 / 0)", "error: division by zero in `1 / 0`"),
        ("object.?no.or(object.no).hasValue()", "error: `object.no` is missing"),
        ("object.?no.or(object.metadata)", "error: `object.metadata` is a map, not an optional"),
        ("optional.none().value()", "error: `optional.none().value()` has no value"),
        ("optional.ofNonZeroValue('').hasValue()", "false"),
        ("optional.ofNonZeroValue('a').hasValue()", "true"),
        ("optional.none().or(optional.of(2)).orValue(3)", "2"),
        ("[?object.spec.?no, ?object.spec.?hostNetwork]", "[true]"),
        ("{?'a': optional.none(), ?'b': optional.of(1)}", r#"{"b": 1}"#),
        ("object.spec.?hostNetwork.optMap(h, !h).orValue(true)", "false"),
        ("object.spec.?no.optMap(h, h.more).hasValue()", "false"),
        ("object.?spec.optFlatMap(s, s.?containers).hasValue()", "true"),
        ("optional.of(1) == dyn(optional.of(1.0))", "true"),
        ("optional.none() == optional.of(1)", "false"),
        ("[?object.spec.hostNetwork]", "error: `object.spec.hostNetwork` is a bool, not an optional"),
    ]);
}

#[test]
fn types_and_conversions() {
    check(&[
        ("type(1) == int && type(object.metadata.name) == string && type(null) == null_type", "true"),
        ("type(timestamp(0)) == google.protobuf.Timestamp", "true"),
        ("type([]) == list && type({}) == map && type(int) == type", "true"),
        ("int('42') + int(4.9) + int(2u)", "48"),
        ("int(-4.9)", "-4"),
        ("int(9223372036854775807u)", "9223372036854775807"),
        ("int(9223372036854775808u)", "problem: integer overflow"),
        ("int(1e19)", "problem: integer overflow"),
        ("int(double('nan'))", "problem: integer overflow"),
        ("int('4.2')", "problem: not a whole number of 64 bits: `4.2`"),
        ("uint(-1)", "problem: integer overflow"),
        ("uint('+1')", "problem: not a whole number of 64 bits without sign: `+1`"),
        ("double('1.5') + double(1) + double(1u)", "3.5"),
        ("double('x')", "problem: not a number: `x`"),
        ("string(1) + string(1u) + string(true) + string(b'abc') + string('x')", "11trueabcx"),
        ("string(123.456)", "123.456"),
        ("string(1.0)", "1"),
        ("string(1000000.0)", "1e+06"),
        ("string(6.02214e23)", "6.02214e+23"),
        ("string(0.00001)", "1e-05"),
        ("string(b'\\xff')", "problem: not text in UTF-8: `b\"\\xff\"`"),
        ("string(duration('1h30m'))", "5400s"),
        ("bytes('é').size()", "2"),
        ("bool('true') && bool('1') && !bool('False')", "true"),
        ("bool('yes')", "problem: not a boolean: `yes`"),
        ("'\\u00e9' + '\\x41' + r'\\n' + '''it's'''", "éA\\nit's"),
    ]);
}
