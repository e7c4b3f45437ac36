#!/usr/bin/perl
# Repeats what a form sent.
use strict;
use warnings;

my $wanted = 100;
my $got = read(STDIN, my $body, $wanted) // 0;
if ($got < $wanted) {
    print STDERR "wanted $wanted bytes, and got $got\n";
    exit 1;
}
print "Content-Type: text/plain\n\n";
print "The form sent: $body\n";
