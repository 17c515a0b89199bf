//! Expressions by chance, of a type that is known, short enough for many of them to be asked at once.

use crate::generate::Chance;

/// The types that the grammar has rules for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Ints,
    Texts,
    Map,
    Duration,
    Timestamp,
    Quantity,
    Address,
    Range,
    Location,
    Version,
    /// An optional whole number.
    Maybe,
}

const PRINTED: [Of; 9] =
    [Of::Bool, Of::Int, Of::Uint, Of::Double, Of::Text, Of::Ints, Of::Texts, Of::Map, Of::Duration];
const COMPARED: [Of; 7] = [Of::Int, Of::Uint, Of::Double, Of::Text, Of::Duration, Of::Timestamp, Of::Bool];

/// An expression of some type that can be printed.
pub fn expression(chance: &Chance) -> String {
    loop {
        let source = of(chance, chance.pick(&PRINTED), 3);
        if source.len() <= 160 {
            return source;
        }
    }
}

fn of(chance: &Chance, kind: Of, depth: u32) -> String {
    if depth == 0 || chance.one_in(6) {
        return leaf(chance, kind);
    }
    let templates: &[&str] = match kind {
        Of::Bool => {
            if chance.one_in(3) {
                let compared = chance.pick(&COMPARED);
                let operator = chance.pick(&["==", "!=", "<", "<=", ">", ">="]);
                let (left, right) = (of(chance, compared, depth - 1), of(chance, compared, depth - 1));
                return format!("{left} {operator} {right}");
            }
            &[
                "(B && B)",
                "(B || B)",
                "!(B)",
                "(B ? B : B)",
                "(I in L)",
                "(S in T)",
                "(S in M)",
                "L.all(v, v > I)",
                "L.exists(v, v == I)",
                "L.exists_one(v, v >= I)",
                "M.exists(k, v, v > 1)",
                "T.all(i, v, i < size(v))",
                "S.contains(S)",
                "S.startsWith(S)",
                "S.endsWith(S)",
                "S.matches('^[a-c]+.')",
                "sets.contains(L, L)",
                "sets.intersects(T, T)",
                "sets.equivalent(L, L)",
                "Q.isGreaterThan(Q)",
                "Q.isInteger()",
                "L.isSorted()",
                "(dyn(I) == dyn(F))",
                "(dyn(I) < dyn(F))",
                "(dyn(U) >= dyn(I))",
                "O.hasValue()",
                "(M == M)",
                "(L == L)",
                "isQuantity(string(I))",
                "A.isLoopback()",
                "A.isGlobalUnicast()",
                "A.isLinkLocalUnicast()",
                "(A == A)",
                "C.containsIP(A)",
                "C.containsCIDR(C)",
                "(C == C.masked())",
                "V.isLessThan(V)",
                "(V == V)",
                "isSemver(S, B)",
                "isIP(S)",
                "isURL(S)",
                "format.dns1123Label().validate(S).hasValue()",
                "format.qualifiedName().validate(S).hasValue()",
                "format.uri().validate(S).hasValue()",
                "format.labelValue().validate(S).hasValue()",
                "dyn(S).matches('b+$')",
                "has(object.spec.hostNetwork)",
                "(B && dyn(I) > 0)",
                "(dyn(S) == dyn(I))",
                "bool(S)",
            ]
        }
        Of::Int => &[
            "(I + I)",
            "(I - I)",
            "I * I",
            "(I / I)",
            "(I % I)",
            "-(I)",
            "size(S)",
            "L.size()",
            "size(M)",
            "L[I]",
            "int(U)",
            "int(F)",
            "int(S)",
            "M[S]",
            "(B ? I : I)",
            "S.indexOf(S)",
            "S.lastIndexOf(S)",
            "L.sum()",
            "L.min()",
            "L.max()",
            "L.indexOf(I)",
            "O.orValue(I)",
            "O.value()",
            "D.getSeconds()",
            "T.size()",
            "C.prefixLength()",
            "A.family()",
            "V.compareTo(V)",
            "V.minor()",
            "Q.compareTo(Q)",
            "Z.getFullYear()",
            "Z.getDayOfYear()",
            "Z.getHours('-03:30')",
            "int(Z)",
            "S.indexOf(S, I)",
            "L.filter(v, v > I).size()",
            "Q.asInteger()",
            "L.lastIndexOf(I)",
            "size(T)",
            "D.getMilliseconds()",
        ],
        Of::Uint => {
            &["(U + U)", "(U - U)", "(U * U)", "(U / U)", "(U % U)", "uint(I)", "uint(F)", "uint(S)", "(B ? U : U)"]
        }
        Of::Double => &[
            "(F + F)",
            "(F - F)",
            "(F * F)",
            "(F / F)",
            "-(F)",
            "double(I)",
            "double(U)",
            "double(S)",
            "(B ? F : F)",
            "[F, F].sum()",
            "[F, F].max()",
            "Q.asApproximateFloat()",
        ],
        Of::Text => &[
            "(S + S)",
            "string(I)",
            "string(U)",
            "string(F)",
            "string(B)",
            "S.substring(I)",
            "S.substring(I, I)",
            "S.charAt(I)",
            "S.replace(S, S)",
            "S.replace(S, S, I)",
            "S.upperAscii()",
            "S.lowerAscii()",
            "S.trim()",
            "T.join(S)",
            "T.join()",
            "T[I]",
            "string(D)",
            "string(Z)",
            "(B ? S : S)",
            "'%d|%s'.format([I, S])",
            "'%.2f'.format([F])",
            "'%x'.format([I])",
            "S.find('[a-z]+')",
            "strings.quote(S)",
            "string(A)",
            "string(C)",
            "string(C.ip())",
            "R.getHost()",
            "R.getHostname()",
            "R.getPort()",
            "R.getEscapedPath()",
            "R.getScheme()",
            "'%s'.format([L])",
            "'%s'.format([T])",
            "'%s'.format([M])",
            "'%s'.format([[F, F]])",
            "'%f'.format([F])",
            "'%s'.format([R.getQuery()])",
            "string(bytes(S))",
            "'%e'.format([F])",
            "'%s'.format([Q])",
            "string(type(I))",
            "'%b'.format([I])",
        ],
        Of::Ints => &[
            "[I, I]",
            "[I]",
            "(L + L)",
            "L.map(v, v + I)",
            "L.filter(v, v > I)",
            "L.map(v, v > I, v * 2)",
            "L.reverse()",
            "L.sort()",
            "L.distinct()",
            "L.slice(I, I)",
            "[[I], L].flatten()",
            "lists.range(2)",
            "[I, ?O]",
            "L.transformList(i, v, i + v)",
            "T.map(v, size(v))",
            "L.transformList(i, v, v > 1, i)",
            "L.sortBy(v, -v)",
        ],
        Of::Texts => &[
            "[S, S]",
            "[S]",
            "(T + T)",
            "S.split(S)",
            "S.split(S, I)",
            "L.map(v, string(v))",
            "T.filter(v, v != S)",
            "T.distinct()",
            "T.sort()",
            "T.reverse()",
            "S.findAll('[a-z]')",
            "S.findAll('.', I)",
            "T.map(v, v + S)",
            "T.sortBy(v, size(v))",
        ],
        Of::Map => &[
            "{S: I}",
            "{S: I, S: I}",
            "L.transformMap(i, v, v * 2).size() > 0 ? M : M",
            "M.transformMap(k, v, v + I)",
            "M.transformMap(k, v, v > 0, v)",
            "T.transformMapEntry(i, v, {v: i})",
            "{S: I, ?S: O}",
        ],
        Of::Duration => &["(D + D)", "(D - D)", "(Z - Z)", "duration(S)", "(B ? D : D)"],
        Of::Timestamp => &["(Z + D)", "(Z - D)", "timestamp(I)"],
        Of::Quantity => &["Q.add(Q)", "Q.sub(Q)", "Q.add(5)", "Q.sub(7)"],
        Of::Address => &["C.ip()", "C.masked().ip()", "ip(S.trim())", "(B ? A : A)"],
        Of::Range => &["C.masked()", "cidr(S.trim())", "(B ? C : C)"],
        Of::Location => &["url(S.trim())", "(B ? R : R)"],
        Of::Version => &["semver(S.trim())", "semver(S.trim(), true)", "(B ? V : V)"],
        Of::Maybe => &[
            "optional.of(I)",
            "optional.none()",
            "optional.ofNonZeroValue(I)",
            "M[?S]",
            "L[?I]",
            "O.or(O)",
            "O.optMap(v, v + 1)",
            "O.optFlatMap(v, v > 0 ? optional.of(v) : O)",
        ],
    };
    filled(chance, chance.pick(templates), depth - 1)
}

/// A template with an expression for each of its capital letters that stands alone.
fn filled(chance: &Chance, template: &str, depth: u32) -> String {
    let mut source = String::new();
    let mut before = ' ';
    let mut characters = template.chars().peekable();
    while let Some(character) = characters.next() {
        let alone = !before.is_alphanumeric() && !characters.peek().is_some_and(char::is_ascii_alphanumeric);
        let kind = match character {
            'B' => Of::Bool,
            'I' => Of::Int,
            'U' => Of::Uint,
            'F' => Of::Double,
            'S' => Of::Text,
            'L' => Of::Ints,
            'T' => Of::Texts,
            'M' => Of::Map,
            'D' => Of::Duration,
            'Z' => Of::Timestamp,
            'Q' => Of::Quantity,
            'A' => Of::Address,
            'C' => Of::Range,
            'R' => Of::Location,
            'V' => Of::Version,
            'O' => Of::Maybe,
            _ => {
                source.push(character);
                before = character;
                continue;
            }
        };
        if alone {
            let part = of(chance, kind, depth);
            let behind = characters.peek().is_some_and(|next| matches!(next, '.' | '['));
            // A method binds closer than an operator.
            source.push_str(&if behind { format!("({part})") } else { part });
        } else {
            source.push(character);
        }
        before = character;
    }
    source
}

fn leaf(chance: &Chance, kind: Of) -> String {
    let leaves: &[&str] = match kind {
        Of::Bool => &["true", "false", "object.spec.hostNetwork", "object.nothing"],
        Of::Int => &[
            "0",
            "1",
            "2",
            "-1",
            "3",
            "7",
            "-9223372036854775808",
            "9223372036854775807",
            "object.spec.activeDeadlineSeconds",
            "object.spec.securityContext.runAsUser",
            "10",
            "object.missing",
        ],
        Of::Uint => &["0u", "1u", "3u", "18446744073709551615u"],
        Of::Double => {
            &["0.0", "-0.0", "1.5", "-2.25", "1e3", "1e100", "1e-7", "123456789.125", "double('NaN')", "double('-inf')"]
        }
        Of::Text => &[
            "''",
            "'a'",
            "'b'",
            "'abc'",
            "'héllo'",
            "'12'",
            "'a,b,,c'",
            "' x '",
            "'1.5'",
            "'true'",
            "'90s'",
            "'1h1m'",
            "'10.0.0.7'",
            "'10.0.0.0/24'",
            "'1.2.3'",
            "'/a?x=1'",
            "'日本語'",
            "object.metadata.annotations.team",
            "object.metadata.annotations.text",
            "object.spec.containers[0].name",
            "object.spec.containers[1].image",
        ],
        Of::Ints => {
            &["[]", "[1, 2, 3]", "[3, 1, 2, 1]", "object.spec.securityContext.supplementalGroups.map(v, v + 0)"]
        }
        Of::Texts => &[
            "['a', 'b']",
            "['b', 'a', 'b']",
            "object.spec.containers[1].command",
            "object.spec.containers.map(c, c.name)",
        ],
        Of::Map => &["{'a': 1}", "{'a': 1, 'b': 2}", "{'x': 0}"],
        Of::Duration => &["duration('1s')", "duration('-90m')", "duration('1.5ms')", "duration('2562047h')"],
        Of::Timestamp => &[
            "timestamp('2026-11-25T08:30:01.25Z')",
            "timestamp(0)",
            "timestamp('9999-12-31T23:59:59Z')",
            "timestamp('0001-01-01T00:00:00Z')",
        ],
        Of::Quantity => &[
            "quantity('1Gi')",
            "quantity('500m')",
            "quantity('-5')",
            "quantity('0.1')",
            "quantity('1e3')",
            "quantity(object.spec.containers[0].resources.limits.memory)",
        ],
        Of::Address => &["ip('10.0.0.1')", "ip('127.0.0.1')", "ip('2001:db8::1')", "ip('fe80::1')"],
        Of::Range => &["cidr('10.0.0.0/8')", "cidr('10.1.2.3/16')", "cidr('2001:db8::/32')", "cidr('0.0.0.0/0')"],
        Of::Location => &[
            "url('https://example.com:80/a b?x=1&y')",
            "url('/path/%2F?q=a+b&q=c')",
            "url('http://u:p@[::1]:8080/é#f')",
        ],
        Of::Version => &["semver('1.2.3')", "semver('1.2.3-alpha.1')", "semver('v1.2', true)", "semver('0.10.0+b')"],
        Of::Maybe => &[
            "optional.of(1)",
            "optional.of(-1)",
            "optional.none()",
            "object.spec.?activeDeadlineSeconds",
            "object.?missing",
        ],
    };
    chance.pick(leaves).to_owned()
}
