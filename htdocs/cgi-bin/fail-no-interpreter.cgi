#!/opt/no-such-place/bin/perl
# Line 1 names the program that is to read this script, and there is none at that path.
print "Content-Type: text/plain\n\nThis is never seen.\n";
