#!/bin/sh
# Sends the report of kopia-metrics-agent by mail, to ntfy, or both. Exits with 1 where one of them did not take it, or where there
# is no report, which is sent as well, and with 2 where nothing says where to send it; says why.
# Usage: send-report.sh [FLAG…]   The flags are those of the agent, such as --config=FILE.
#
# Set in the environment (kopia-metrics-agent-report.service reads /etc/kopia-metrics-agent/report.env):
#   REPORT_MAIL_TO         addresses, separated by commas
#   REPORT_MAIL_FROM       the sender; without it the mail program decides
#   REPORT_SENDMAIL        the mail program (sendmail); msmtp, postfix and others have one
#   REPORT_NTFY_URL        the topic, such as https://ntfy.sh/my-backups
#   REPORT_NTFY_TOKEN_FILE a file with the access token of ntfy
#   REPORT_SINCE           how far back (7d)
#   REPORT_RETRY_SECONDS   how long to wait before a second try where the agent has just started or woken (360)
set -eu

mail_to=${REPORT_MAIL_TO:-}
ntfy_url=${REPORT_NTFY_URL:-}
since=${REPORT_SINCE:-7d}
# Only tests name another one.
agent=${REPORT_AGENT:-kopia-metrics-agent}
unmade='the report on Kopia backups could not be made'

say() { printf '%s\n' "send-report: $*" >&2; }

if [ -z "$mail_to$ntfy_url" ]; then
  say 'expected REPORT_MAIL_TO or REPORT_NTFY_URL, found neither: set one in report.env'
  exit 2
fi

report() { "$agent" report --since="$since" "$@"; }

# send_mail FLAG…: the agent's message, with the addresses in front. It is complete before anything is sent.
send_mail() {
  if [ "$is_made" = yes ]; then
    message=$(report --format=mail "$@") || return 1
  else
    message=$(printf '%s\n' "Subject: $(uname -n): $unmade" 'MIME-Version: 1.0' \
      'Content-Type: text/plain; charset=utf-8' 'Content-Transfer-Encoding: 8bit' '' "$text")
  fi
  {
    printf 'To: %s\n' "$mail_to"
    [ -z "${REPORT_MAIL_FROM:-}" ] || printf 'From: %s\n' "$REPORT_MAIL_FROM"
    printf '%s\n' "$message"
  } | "$(mail_program)" -t -oi
}

# mail_program: Debian has sendmail in /usr/sbin, which is not on every PATH.
mail_program() {
  if [ -n "${REPORT_SENDMAIL:-}" ]; then
    printf '%s\n' "$REPORT_SENDMAIL"
  else
    PATH=$PATH:/usr/sbin:/usr/lib command -v sendmail || printf 'sendmail\n'
  fi
}

# option NAME VALUE: a line of curl's configuration.
option() { printf '%s = "%s"\n' "$1" "$(printf '%s' "$2" | sed 's/[\\"]/\\&/g')"; }

# send_ntfy: the first line of the text is the title. Topic and token are not on a command line, which every user can read.
send_ntfy() {
  title=$(printf '%s\n' "$text" | head -n 1)
  token=
  [ -z "${REPORT_NTFY_TOKEN_FILE:-}" ] || token=$(cat -- "$REPORT_NTFY_TOKEN_FILE") || return 1
  case $title in
    '✓'*) priority=default tags=white_check_mark ;;
    '·'*) priority=default tags=hourglass ;;
    *) priority=high tags=warning ;;
  esac
  {
    option url "$ntfy_url"
    option data-binary "@$work/body"
    option header "Title: $title"
    option header "Priority: $priority"
    option header "Tags: $tags"
    [ -z "$token" ] || option header "Authorization: Bearer $token"
  } >"$work/curl" || return 1
  # ntfy makes a file of what is longer than 4,096 bytes. In the locale C, awk counts bytes.
  printf '%s\n' "$text" | tail -n +3 |
    LC_ALL=C awk '{ bytes += length($0) + 1 } bytes > 3900 { print "…"; exit } { print }' >"$work/body" || return 1
  code=$(curl --config "$work/curl" --globoff --fail --silent --show-error --max-time 60 --retry 3 --retry-connrefused \
    --output /dev/null --write-out '%{http_code}') || return 1
  # A redirect, such as to https, is no failure for curl, and delivers nothing.
  case $code in
    2??) ;;
    *)
      say "expected an answer 2xx of ntfy, found $code: set REPORT_NTFY_URL to where the topic really is"
      return 1
      ;;
  esac
}

umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM

# make_text FLAG…: a report that cannot be made is told, too: silence would look like a quiet week.
make_text() {
  is_made=yes
  text=$(report --format=text "$@" 2>"$work/error") || is_made=no
  cat "$work/error" >&2
  [ "$is_made" = yes ] || text=$(printf '? %s\n\n' "$unmade" && cat "$work/error")
}

make_text "$@"
case $is_made$text in
  # An agent that has just started, or a machine that was asleep: the next minutes bring the ledger up to date.
  'yes?'*)
    retry=${REPORT_RETRY_SECONDS:-360}
    say "not sent yet, since it may be known in $retry s: $(printf '%s\n' "$text" | head -n 1)"
    sleep "$retry"
    make_text "$@"
    ;;
esac
printf '%s\n' "$text"

failed=0
[ "$is_made" = yes ] || failed=1
if [ -n "$mail_to" ]; then
  send_mail "$@" || {
    say "the mail to $mail_to was not sent"
    failed=1
  }
fi
if [ -n "$ntfy_url" ]; then
  send_ntfy || {
    say "ntfy did not take the report"
    failed=1
  }
fi
exit "$failed"
