#!/usr/bin/perl
# Adds up the numbers from 1 to 400.
use strict;
use warnings;

my $sum = 0;
for my $number (1 .. 400) {
    $sum += $number;
    print STDERR "number $number, sum $sum\n" if $number % 100 == 0;
}
print "Content-Type: text/plain\n\n";
print "The sum is $sum.\n";
