#!/usr/bin/perl
# Every line ends in CR LF, as some editors write it. For the kernel the CR is a part of the name in line 1.
print "Content-Type: text/plain\n\nThis is never seen.\n";
