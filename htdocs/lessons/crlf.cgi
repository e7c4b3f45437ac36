#!/usr/bin/perl
# Greets the visitor.
print "Content-Type: text/plain\n\n";
print "Hello!\n";
