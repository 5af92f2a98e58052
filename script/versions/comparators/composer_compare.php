<?php
// Asks Composer: versions are normalised, then compared as its constraints compare them.
// Reads `a<TAB>b` lines, prints <, = or > for each, ? where a version is refused or no comparison holds.
require 'Composer/Semver/autoload.php';

use Composer\Semver\Constraint\Constraint;
use Composer\Semver\VersionParser;

$parser = new VersionParser();
while (($line = fgets(STDIN)) !== false) {
    [$a, $b] = explode("\t", rtrim($line, "\n"));
    try {
        $a = new Constraint('==', $parser->normalize($a));
        $b = $parser->normalize($b);
    } catch (UnexpectedValueException $refusal) {
        echo "?\n";
        continue;
    }
    $answer = '?';
    foreach (['<' => '<', '==' => '=', '>' => '>'] as $operator => $sign) {
        if ((new Constraint($operator, $b))->matchSpecific($a)) {
            $answer = $sign;
        }
    }
    echo $answer, "\n";
}
