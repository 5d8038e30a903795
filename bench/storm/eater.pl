# One task of the storm: eater.pl FILE, with "PEAK_MIB RAMP_MS DURATION_MS" in the file, so that a task can need more
# today than yesterday under the same command. Grows evenly to its peak, holds it, ends. It counts the time in which it
# ran: after a pause (it was suspended) it goes on where it was. perl-base of Debian is enough.
use strict;
use warnings;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC sleep);

open(my $file, '<', $ARGV[0]) or die "$ARGV[0]: $!";
my ($peak_mib, $ramp_ms, $duration_ms) = split ' ', <$file>;
my $own_mib = 6;
my @held;
my $last = clock_gettime(CLOCK_MONOTONIC);
my $active_ms = 0;
while ($active_ms < $duration_ms) {
  my $share = $ramp_ms > 0 ? $active_ms / $ramp_ms : 1;
  $share = 1 if $share > 1;
  my $wanted = int(($peak_mib - $own_mib) * $share + 0.5);
  push @held, "x" x 1_048_576 while @held < $wanted;
  sleep(0.005);
  my $now = clock_gettime(CLOCK_MONOTONIC);
  my $passed_ms = ($now - $last) * 1000;
  $last = $now;
  $active_ms += $passed_ms > 60 ? 5 : $passed_ms;
}
