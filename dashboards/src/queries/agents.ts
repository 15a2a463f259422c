// Queries about the agents and the alerts.

import { ofAgents, select } from '../selectors.ts'

const byAgent = (expression: string) => `max by (site, instance) (${expression})`
const madeAt = ofAgents('kopia_agent_metrics_timestamp_seconds')
const pushed = byAgent(madeAt)
const known = ofAgents('kopia_agent_build_info')

/** A Kopia command that never failed has no series with result="failed". */
const failed = ofAgents('kopia_agent_kopia_calls_total', 'result="failed"')
const failedCalls = `sum by (site, instance) (increase(${failed}[$__range]))`

/** The limit of KopiaAgentSilent: three heartbeats and a quarter of an hour. */
const age = `time() - ${madeAt}`
const allowedSilence = `on (site, job, instance) (3 * ${ofAgents('kopia_agent_heartbeat_interval_seconds')} + 900)`
/** One-shot pushes are never silent. */
export const isSilent = `(${age} > ${allowedSilence})`
const alwaysOn = ofAgents('kopia_agent_always_on')
const deadline = ofAgents('kopia_agent_metrics_deadline_timestamp_seconds')
/** As KopiaAgentSilent: without a gateway the metrics of an agent end with it, so its deadline is remembered. */
const isGone = `last_over_time(${deadline}[$__range]) < time() unless ${madeAt}`
const silent = byAgent(`${isSilent} and on (site, job, instance) ${alwaysOn} == 1 or ${isGone}`)

/** Machines that may sleep and from which nothing is heard. Between one-shot pushes it is not known whether they are awake. */
export const asleep = `(${alwaysOn} == 0 unless on (site, job, instance) (${age} <= ${allowedSilence}))`

/** A failed backup would not be seen where snapshots are unexplained or runs belong to an unknown repository. */
const unseen = [
  ofAgents('kopia_agent_unexplained_snapshots_total'),
  ofAgents('kopia_agent_runs_unattributed_total'),
].map((counter) => `sum by (site, instance) (increase(${counter}[$__range]))`)

const changed = `2 * (${ofAgents('kopia_agent_repository_changed')} == 1)`

export const agents = {
  silentCount: `count(${silent}) or 0 * group(${known})`,
  version: `max by (site, instance, version) (${known})`,
  pushed,
  /** 2 where Kopia is connected to another repository than the one that the agent knows. */
  repositoryReachable: byAgent(`${changed} or ${ofAgents('kopia_agent_repository_reachable')}`),
  unseen: unseen.join(' + '),
  pushFailures: `sum by (site, instance) (increase(${ofAgents('kopia_agent_push_failures_total')}[$__range]))`,
  failedCalls: `${failedCalls} or 0 * ${byAgent(known)}`,
} as const

/** An alert without a source matches every selection. */
const selected = ['site=~"$site"', 'host=~"$host|"', 'path=~"$path|"']
const firing = select('ALERTS', ['alertname!="Watchdog"', 'alertstate="firing"', ...selected])
const since = select('ALERTS_FOR_STATE', ['alertname!="Watchdog"', ...selected])
const labels = 'alertname, severity, site, instance, host, path'

export const alerts = {
  /** The watchdog always fires. Without it the rules are not loaded, so the count has no value instead of zero. */
  count: `count(${firing}) or 0 * group(ALERTS{alertname="Watchdog"})`,
  firingSince: `max by (${labels}) (${since} and ignoring (alertstate) ${firing})`,
  firing: `max by (${labels}) (${firing})`,
} as const
