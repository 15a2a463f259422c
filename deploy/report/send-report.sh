#!/bin/sh
# Sends the report of kopia-metrics-agent by mail, to ntfy, or both. Exits with 1 where one of them did not take it, and says why.
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
agent=${REPORT_AGENT:-kopia-metrics-agent}

say() { printf '%s\n' "send-report: $*" >&2; }

if [ -z "$mail_to$ntfy_url" ]; then
  say 'expected REPORT_MAIL_TO or REPORT_NTFY_URL, found neither: set one in report.env'
  exit 2
fi

report() { "$agent" report --since="$since" "$@"; }

# send_mail FLAG…: the agent's message, with the addresses in front. It is complete before anything is sent.
send_mail() {
  message=$(report --format=mail "$@") || return 1
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

# send_ntfy TEXT: the first line is the title. The token is not on a command line, which every user can read.
send_ntfy() {
  title=$(printf '%s\n' "$1" | head -n 1)
  token=
  [ -z "${REPORT_NTFY_TOKEN_FILE:-}" ] || token=$(cat -- "$REPORT_NTFY_TOKEN_FILE") || return 1
  case $title in
    '✓'*) priority=default tags=white_check_mark ;;
    '·'*) priority=default tags=hourglass ;;
    *) priority=high tags=warning ;;
  esac
  {
    printf 'header = "Title: %s"\n' "$(printf '%s' "$title" | sed 's/[\\"]/\\&/g')"
    printf 'header = "Priority: %s"\nheader = "Tags: %s"\n' "$priority" "$tags"
    [ -z "$token" ] || printf 'header = "Authorization: Bearer %s"\n' "$token"
  } >"$work/curl" || return 1
  # ntfy makes a file of what is longer than 4,096 bytes. In the locale C, awk counts bytes.
  printf '%s\n' "$1" | tail -n +3 |
    LC_ALL=C awk '{ bytes += length($0) + 1 } bytes > 3900 { print "…"; exit } { print }' >"$work/body" || return 1
  curl --config "$work/curl" --fail --silent --show-error --max-time 60 --retry 3 --output /dev/null \
    --data-binary "@$work/body" -- "$ntfy_url"
}

umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

text=$(report --format=text "$@")
case $text in
  # An agent that has just started, or a machine that was asleep: the next minutes bring the ledger up to date.
  '?'*)
    sleep "${REPORT_RETRY_SECONDS:-360}"
    text=$(report --format=text "$@")
    ;;
esac
printf '%s\n' "$text"

failed=0
if [ -n "$mail_to" ]; then
  send_mail "$@" || {
    say "the mail to $mail_to was not sent"
    failed=1
  }
fi
if [ -n "$ntfy_url" ]; then
  send_ntfy "$text" || {
    say "ntfy at $ntfy_url did not take the report"
    failed=1
  }
fi
exit "$failed"
