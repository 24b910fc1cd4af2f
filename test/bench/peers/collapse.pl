#!/usr/bin/env perl
# What FlameGraph's stackcollapse-gdb.pl does: each backtrace becomes the names of its functions, outermost
# first, and equal ones are counted. Arguments, addresses, files, threads and stops are dropped.
use strict;
use warnings;

my (@stack, %count);
sub flush_stack {
    $count{join ';', @stack}++ if @stack;
    @stack = ();
}
while (<>) {
    next unless /^#(\d+)\s+(?:0x[0-9a-f]+ in )?([^ (]+)/;
    flush_stack() if $1 == 0;
    unshift @stack, $2;
}
flush_stack();
print "$_ $count{$_}\n" for sort keys %count;
