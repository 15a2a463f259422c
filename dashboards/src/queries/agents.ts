// What the dashboards ask about the agents and the alerts.

import { ofAgents, select } from '../selectors.ts'

const byAgent = (expression: string) => `max by (site, instance) (${expression})`
const pushed = byAgent(ofAgents('push_time_seconds'))
const known = ofAgents('kopia_agent_build_info')

/** Kopia's commands that never failed have no series for it. */
const failed = ofAgents('kopia_agent_kopia_calls_total', 'result="failed"')
const failedCalls = `sum by (site, instance) (increase(${failed}[$__range]))`

/**
 * Three heartbeats missed and a quarter of an hour for a restart, as KopiaAgentSilent has it. Agents that
 * promise no heartbeat, or are scraped without a gateway, are never silent here.
 */
const heartbeat = ofAgents('kopia_agent_heartbeat_interval_seconds')
const isSilent = `time() - ${ofAgents('push_time_seconds')} > on (site, job, instance) (3 * ${heartbeat} + 900)`
const alwaysOn = ofAgents('kopia_agent_always_on')
const silent = `${byAgent(`${isSilent} and on (site, job, instance) ${alwaysOn} == 1`)}`

/** Agents that are silent on machines that may sleep. */
export const asleep = `(${isSilent} and on (site, job, instance) ${alwaysOn} == 0)`

export const agents = {
  silentCount: `count(${silent}) or 0 * group(${known})`,
  version: `max by (site, instance, version) (${known})`,
  pushed,
  repositoryReachable: byAgent(ofAgents('kopia_agent_repository_reachable')),
  pushFailures: `sum by (site, instance) (increase(${ofAgents('kopia_agent_push_failures_total')}[$__range]))`,
  failedCalls: `${failedCalls} or 0 * ${byAgent(known)}`,
} as const

/** An alert about no source in particular belongs to every choice. */
const chosen = ['site=~"$site"', 'host=~"$host|"', 'path=~"$path|"']
const firing = select('ALERTS', ['alertname!="Watchdog"', 'alertstate="firing"', ...chosen])
const since = select('ALERTS_FOR_STATE', ['alertname!="Watchdog"', ...chosen])
const labels = 'alertname, severity, site, instance, host, path'

export const alerts = {
  /** The watchdog fires always: where it is missing, there are no rules, and silence means nothing. */
  count: `count(${firing}) or 0 * group(ALERTS{alertname="Watchdog"})`,
  firingSince: `max by (${labels}) (${since} and ignoring (alertstate) ${firing})`,
  firing: `max by (${labels}) (${firing})`,
} as const
