//! The function libraries.

use super::check;

#[test]
fn texts_are_counted_in_code_points() {
    check(&[
        ("'héllo'.size()", "5"),
        ("size('héllo') + size(b'abc') + size([1]) + size({'a': 1})", "10"),
        ("'héllo'.charAt(1) + 'héllo'.charAt(5)", "é"),
        ("'héllo'.charAt(6)", "error: 6 is out of bounds in `'héllo'.charAt(6)`"),
        ("'héllo'.indexOf('l')", "2"),
        ("'héllo'.indexOf('l', 3)", "3"),
        ("'héllo'.indexOf('l', 9)", "-1"),
        ("'héllo'.indexOf('x')", "-1"),
        ("'héllo'.indexOf('')", "0"),
        ("'a'.indexOf('a', -1)", "error: -1 is out of bounds in `'a'.indexOf('a', -1)`"),
        ("'héllo'.lastIndexOf('l')", "3"),
        ("'héllo'.lastIndexOf('l', 2)", "2"),
        ("'héllo'.lastIndexOf('é', 1)", "1"),
        ("'héllo'.lastIndexOf('é', 0)", "-1"),
        ("'héllo'.lastIndexOf('')", "5"),
        ("'abab'.lastIndexOf('ab', 1)", "0"),
        ("'abab'.lastIndexOf('ab', 9)", "-1"),
        ("'héllo'.substring(1, 3)", "él"),
        ("'héllo'.substring(5)", ""),
        ("'héllo'.substring(3, 2)", "error: 3 is out of bounds in `'héllo'.substring(3, 2)`"),
        ("'héllo'.substring(0, 6)", "error: 6 is out of bounds in `'héllo'.substring(0, 6)`"),
        ("'a,b,c'.split(',')", r#"["a", "b", "c"]"#),
        ("'a,b,c'.split(',', 2)", r#"["a", "b,c"]"#),
        ("'a,b,c'.split(',', 0)", "[]"),
        ("'a,b,c'.split(',', -1).size()", "3"),
        ("'aé'.split('')", r#"["a", "é"]"#),
        ("'abc'.split('', 2)", r#"["a", "bc"]"#),
        ("''.split(',')", r#"[""]"#),
        ("['a', 'b'].join() + ['a', 'b'].join('-') + [].join('x')", "aba-b"),
        (
            "[object.metadata.replicas].join()",
            "error: `join` is not defined for an int in `[object.metadata.replicas].join()`",
        ),
        ("'Abc'.lowerAscii() + 'Abé'.upperAscii()", "abcABé"),
        ("'hello'.replace('l', 'L')", "heLLo"),
        ("'hello'.replace('l', 'L', 1)", "heLlo"),
        ("'hello'.replace('l', 'L', 0)", "hello"),
        ("'ab'.replace('', '_')", "_a_b_"),
        ("'  a b\\t\\n'.trim()", "a b"),
        ("'abc'.startsWith('ab') && 'abc'.endsWith('bc') && 'abc'.contains('b')", "true"),
        ("strings.quote('a\"b\\n')", r#""a\"b\n""#),
        ("'ab1'.matches('^[a-z]+[0-9]$') && matches('xabx', 'ab')", "true"),
        ("object.metadata.name.matches('^w' + 'eb$')", "true"),
        ("object.metadata.name.matches(object.spec.containers[0].name)", "false"),
        ("'a1b22'.find('[0-9]+') + 'a'.find('x')", "1"),
        ("'a1b22'.findAll('[0-9]+')", r#"["1", "22"]"#),
        ("'a1b22'.findAll('[0-9]+', 1)", r#"["1"]"#),
    ]);
}

#[test]
fn lists_of_kubernetes() {
    check(&[
        ("[1, 2, 2].isSorted() && [].isSorted()", "true"),
        ("['b', 'a'].isSorted()", "false"),
        ("[1, 2].sum() + [].sum()", "3"),
        ("[1.5, 2.0].sum()", "3.5"),
        ("[duration('1m'), duration('1s')].sum()", "61s"),
        ("[3, 1, 2].min() * [3, 1, 2].max()", "3"),
        ("[1, object.metadata.replicas].max()", "3"),
        ("[].min()", "error: the list has no elements in `[].min()`"),
        ("['a', 'b', 'a'].indexOf('a') + ['a', 'b', 'a'].lastIndexOf('a')", "2"),
        ("['a'].indexOf('b')", "-1"),
        ("['a'].includes('a')", "true"),
        ("[dyn('a')].sum()", "error: `sum` is not defined for a string in `[dyn('a')].sum()`"),
        ("([1] + [2])[1]", "2"),
        ("([] + object.spec.containers).size() + (object.spec.containers + object.spec.containers).size()", "6"),
    ]);
}

#[test]
fn lists_of_the_extension() {
    check(&[
        ("lists.range(3)", "[0, 1, 2]"),
        ("lists.range(-1)", "error: not a number of elements: `-1` in `lists.range(-1)`"),
        ("[1, 2, 1].distinct()", "[1, 2]"),
        ("[dyn([1]), dyn([[2]])].flatten()", "[1, [2]]"),
        ("[[1], [dyn([2])]].flatten(2)", "[1, 2]"),
        ("[[1]].flatten(-1)", "error: not a depth: `-1` in `[[1]].flatten(-1)`"),
        ("[1, 2, 3].reverse()", "[3, 2, 1]"),
        ("[1, 2, 3].slice(1, 3)", "[2, 3]"),
        ("[1, 2, 3].slice(2, 4)", "error: 4 is out of bounds in `[1, 2, 3].slice(2, 4)`"),
        ("['b', 'c', 'a'].sort()", r#"["a", "b", "c"]"#),
        ("['bb', 'c', 'a'].sortBy(x, size(x))", r#"["c", "a", "bb"]"#),
        ("object.spec.containers.sortBy(c, -size(c.name))[0].name", "proxy"),
        (
            "[1, 2].sortBy(x, object.metadata.labels)",
            "error: `<` is not defined for a map and a map in `[1, 2].sortBy(x, object.metadata.labels)`",
        ),
        (
            "[dyn(1), dyn('a')].sort()",
            "error: `<` is not defined for an int and a string in `[dyn(1), dyn('a')].sort()`",
        ),
    ]);
}

#[test]
fn lists_as_sets() {
    check(&[
        ("sets.contains(['ALL', 'X'], ['ALL'])", "true"),
        ("sets.contains(['X'], ['ALL'])", "false"),
        ("sets.contains([1], [])", "true"),
        ("sets.equivalent([1, 2, 2], [2, 1])", "true"),
        ("sets.equivalent([1], [1, 2])", "false"),
        ("sets.intersects([1, 2], [2, 3])", "true"),
        ("sets.intersects([1], [])", "false"),
    ]);
}

#[test]
fn formats() {
    check(&[
        ("'%s in %s has %d'.format(['pod', object.metadata.name, 3])", "pod in web has 3"),
        (
            "'%s'.format([['abc', 3.14, null, [9, 8], timestamp(0)]])",
            r#"["abc", 3.140000, null, [9, 8], timestamp("1970-01-01T00:00:00Z")]"#,
        ),
        ("'%s'.format([{'b': [1], 'a': [2]}])", r#"{"a":[2], "b":[1]}"#),
        ("'%.1f %f %e'.format([1.25, 2.5, 1052.032911275])", "1.2 2.500000 1.052033×10⁰³"),
        ("'%b %b'.format([dyn(true), dyn(5)])", "1 101"),
        ("'%b %o %x %X %x'.format([5, 8, 255, -255, 0])", "101 10 ff -FF 0"),
        ("'%x'.format(['hi'])", "6869"),
        ("'100%%'.format([])", "100%"),
        ("'%d'.format(['a'])", "problem: `%d` does not take a value of type string"),
        ("'%d'.format([])", "problem: the format wants more than 0 values"),
        ("'a'.format([1])", "problem: the format has 0 clauses for 1 values"),
        ("'%q'.format([1])", "problem: there is no clause `%q` of formats"),
        ("'%'.format([1])", "problem: the format has an incomplete clause: `%`"),
    ]);
}

#[test]
fn quantities_compare_by_value() {
    check(&[
        ("quantity('1Gi').compareTo(quantity('1024Mi'))", "0"),
        ("quantity('1Gi') == quantity('1024Mi')", "true"),
        ("quantity('200M').isGreaterThan(quantity('100M'))", "true"),
        ("quantity('50k').isLessThan(quantity('100M'))", "true"),
        ("quantity(object.spec.containers[0].resources.limits.memory).isLessThan(quantity('1Gi'))", "true"),
        ("quantity(object.spec.containers[0].resources.limits.cpu).compareTo(quantity('1000m'))", "0"),
        ("isQuantity('50k') && !isQuantity('abc')", "true"),
        ("quantity('50k').add(quantity('20k')).sub(1000).asInteger()", "69000"),
        ("scale(quantity('100m'), 1.5) == quantity('150m') && scale(quantity('1Gi'), 2) == quantity('2Gi')", "true"),
        ("scale(quantity('1'), -1)", "error: not a factor for this quantity: `-1` in `scale(quantity('1'), -1)`"),
        ("quantity('500m').isInteger()", "false"),
        (
            "quantity('500m').asInteger()",
            "error: not a whole number of 64 bits: `500m` in `quantity('500m').asInteger()`",
        ),
        ("quantity('500m').asApproximateFloat()", "0.5"),
        ("quantity('-5').sign()", "-1"),
        ("quantity(object.metadata.name)", "error: not a quantity: `web` in `quantity(object.metadata.name)`"),
        ("quantity('abc')", "problem: not a quantity: `abc`"),
    ]);
}

#[test]
fn images_are_completed() {
    check(&[
        ("image('redis').registry()", "docker.io"),
        ("image(object.spec.containers[0].image).repository()", "library/redis"),
        ("image('redis').tag() + image('redis').digest()", "latest"),
        ("image(object.spec.containers[1].image).registry()", "registry.example.com"),
        ("image(object.spec.containers[1].image).identifier()", "1.2"),
        ("image('a b')", "problem: not an image: `a b`"),
        (
            "image(object.metadata.labels.team + ' b')",
            "error: not an image: `a b` in `image(object.metadata.labels.team + ' b')`",
        ),
    ]);
}

#[test]
fn times() {
    check(&[
        ("timestamp('2026-11-01T12:30:45.5Z').getFullYear()", "2026"),
        ("timestamp('2026-11-01T12:30:45.5Z').getMonth()", "10"),
        ("timestamp('2026-11-01T12:30:45.5Z').getDate()", "1"),
        ("timestamp('2026-11-01T12:30:45.5Z').getDayOfMonth()", "0"),
        ("timestamp('2026-11-01T12:30:45.5Z').getDayOfWeek()", "0"),
        ("timestamp('2026-11-01T12:30:45.5Z').getDayOfYear()", "304"),
        ("timestamp('2026-11-01T12:30:45.5Z').getHours()", "12"),
        ("timestamp('2026-11-01T12:30:45.5Z').getHours('+02:00')", "14"),
        ("timestamp('2026-11-01T12:30:45.5Z').getMinutes('-00:45')", "45"),
        ("timestamp('2026-11-01T12:30:45.5Z').getSeconds()", "45"),
        ("timestamp('2026-11-01T12:30:45.5Z').getMilliseconds()", "500"),
        ("timestamp('2026-01-01T00:00:00Z') + duration('25h')", "2026-01-02T01:00:00Z"),
        ("timestamp('2026-01-02T00:00:00Z') - timestamp('2026-01-01T00:00:00Z') == duration('24h')", "true"),
        ("timestamp('2026-01-01T00:00:00Z') - duration('1s')", "2025-12-31T23:59:59Z"),
        ("timestamp(0)", "1970-01-01T00:00:00Z"),
        ("int(timestamp('1970-01-01T00:01:00Z'))", "60"),
        ("duration('1h30m').getMinutes()", "90"),
        ("duration('1h30m') > duration('60m')", "true"),
        ("duration('1m') + duration('1s') - duration('61s') == duration('0')", "true"),
        (
            "timestamp('9999-12-31T23:59:59Z') + duration('1s')",
            "error: time out of range in `timestamp('9999-12-31T23:59:59Z') + duration('1s')`",
        ),
        ("timestamp('yesterday')", "problem: not a timestamp: `yesterday`"),
        ("duration('1 hour')", "problem: not a duration: `1 hour`"),
        // Summer time begins at 01:00 UTC, and at 07:00 UTC in New York.
        ("timestamp('2026-03-29T00:59:59Z').getHours('Europe/Berlin')", "1"),
        ("timestamp('2026-03-29T01:00:00Z').getHours('Europe/Berlin')", "3"),
        ("timestamp('2026-03-08T06:59:59Z').getHours('America/New_York')", "1"),
        ("timestamp('2026-03-08T07:00:00Z').getHours('America/New_York')", "3"),
        ("timestamp('2026-11-25T20:00:00Z').getMinutes('Asia/Kathmandu')", "45"),
        ("timestamp('2026-11-25T20:00:00Z').getDayOfWeek('Asia/Kathmandu')", "4"),
        // The rules of today go on.
        ("timestamp('2500-07-01T00:00:00Z').getHours('Europe/Berlin')", "2"),
        (
            "timestamp(0).getHours('europe/berlin')",
            "problem: not a time zone: one has a name such as `Europe/Berlin`, or a distance from UTC such as `+02:00`: `europe/berlin`",
        ),
        (
            "timestamp(0).getHours('Local')",
            "problem: not a time zone: one has a name such as `Europe/Berlin`, or a distance from UTC such as `+02:00`: `Local`",
        ),
        (
            "timestamp(0).getHours(object.metadata.name)",
            "error: not a time zone: one has a name such as `Europe/Berlin`, or a distance from UTC such as `+02:00`: `web` in `timestamp(0).getHours(object.metadata.name)`",
        ),
    ]);
}

#[test]
fn ip_addresses_and_ranges_of_them() {
    check(&[
        ("ip('2001:DB8::1')", "2001:db8::1"),
        ("isIP('10.0.0.1') && !isIP('10.0.0.01') && !isIP('::ffff:1.2.3.4') && !isIP('fe80::1%eth0')", "true"),
        ("ip('10.0.0.1').family() + ip('::1').family()", "10"),
        ("ip.isCanonical('2001:db8::1') && !ip.isCanonical('2001:DB8::1')", "true"),
        ("ip('10.0.0.1').isGlobalUnicast() && !ip('255.255.255.255').isGlobalUnicast()", "true"),
        ("ip('127.1.2.3').isLoopback() && ip('fe80::1').isLinkLocalUnicast() && ip('::').isUnspecified()", "true"),
        ("ip('224.0.0.9').isLinkLocalMulticast() && ip('ff02::1').isLinkLocalMulticast()", "true"),
        ("ip('10.0.0')", "problem: not an IP address: `10.0.0`"),
        ("cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsIP(ip('::1'))", "true"),
        ("cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !cidr('10.1.0.0/16').containsCIDR('10.0.0.0/8')", "true"),
        ("cidr('0.0.0.0/0').containsIP('1.2.3.4') && cidr('::/0').containsIP('::1')", "true"),
        ("cidr('10.1.2.3/8').masked()", "10.0.0.0/8"),
        ("cidr('10.1.2.3/8').ip()", "10.1.2.3"),
        ("cidr('fd00::1/7').masked()", "fc00::/7"),
        ("cidr('10.0.0.0/8').prefixLength()", "8"),
        ("isCIDR('10.0.0.0/33') || isCIDR('10.0.0.0/08') || isCIDR('10.0.0.0')", "false"),
        ("string(ip('10.0.0.1')) + string(cidr('10.0.0.0/8'))", "10.0.0.110.0.0.0/8"),
    ]);
}

#[test]
fn urls_and_versions() {
    check(&[
        ("url('https://[::1]:80/a b?x=1&y=c+d&x=3#f').getHost()", "[::1]:80"),
        ("url('https://[::1]:80/a b?x=1&y=c+d&x=3#f').getHostname()", "::1"),
        ("url('https://[::1]:80/a b?x=1&y=c+d&x=3#f').getPort()", "80"),
        ("url('https://[::1]:80/a b?x=1&y=c+d&x=3#f').getEscapedPath()", "/a%20b"),
        ("url('https://[::1]:80/a b?x=1&y=c+d&x=3#f').getQuery()", r#"{"x": ["1", "3"], "y": ["c d"]}"#),
        ("url('HTTPS://example.com').getScheme()", "https"),
        ("isURL('/a') && !isURL('a') && !isURL('https://a b/') && !isURL('https://a/%zz')", "true"),
        ("semver('1.2.3-alpha.1').isLessThan(semver('1.2.3'))", "true"),
        ("semver('1.10.0').compareTo(semver('1.9.9'))", "1"),
        ("semver('v1.2', true)", "1.2.0"),
        ("semver('1.2.3+a') == semver('1.2.3+b')", "true"),
        ("isSemver('1.2') || isSemver('01.2.3') || isSemver('1.2.3-01')", "false"),
        ("semver('1.2')", "problem: not a semantic version: `1.2`"),
        ("jsonpatch.escapeKey('a/b~c')", "a~1b~0c"),
    ]);
}

#[test]
fn formats_of_the_api() {
    check(&[
        ("format.dns1123Label().validate('a-b').hasValue()", "false"),
        ("format.named('uuid').value().validate('x').value()", r#"["not a UUID"]"#),
        ("format.named('colour')", "optional.none()"),
        ("format.qualifiedName().validate('a/').value().size()", "2"),
        ("format.dns1123LabelPrefix().validate('a-').hasValue()", "false"),
        ("format.date().validate('2026-02-30').hasValue()", "true"),
    ]);
}
