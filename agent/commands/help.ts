// The text of --help and the packages' configuration file, from the declarations of settings and commands.

import { flagOf, settingNames } from '../settings/names.ts'
import { declarations } from '../settings/schema.ts'
import { commands } from './command-line.ts'

/** The text of --help, with every command and setting. */
export function help(): string {
  const settings = settingNames().map((name) => {
    const { environment, default: fallback, doc } = declarations[name]
    const shown = fallback === '' ? '' : ` (${fallback})`
    return `  --${flagOf(name)}${shown}\n      ${environment}: ${doc.replaceAll('`', '')}`
  })
  const usages = Object.entries(commands).map(([name, { usage, doc }]) => {
    const short = `  ${name.padEnd(6)}`
    return usage === '' ? `${short}  ${doc}` : `  ${name} ${usage}\n          ${doc}`
  })
  return `Usage: kopia-metrics-agent <command> [flags]

Watches Kopia backups and pushes their results to a Prometheus Pushgateway.

Commands:
${usages.join('\n')}

Flags. Each is also an environment variable and (with _ for -) a key of the configuration file:
  --config (/etc/kopia-metrics-agent/config.yaml if it exists; docs/settings.md names a user's own)
      the configuration file, in YAML
${settings.join('\n')}
  --version
      the version, what it was built from, Node and the system, in one line
  --help
`
}

/** The configuration file of the packages: each setting except secrets, explained and commented out. */
export function configFile(): string {
  const settings = settingNames().flatMap((name) => {
    if ('secret' in declarations[name]) return []
    const { environment, default: fallback, doc } = declarations[name]
    return `# ${doc.replaceAll('`', '')}\n# In the environment: ${environment}\n#${name}: ${JSON.stringify(fallback)}\n`
  })
  return `# Settings of kopia-metrics-agent. A line that is commented out shows the default. The environment overrides this file.
# Do not put passwords here, because every user can read this file: see "Install" in
# /usr/share/doc/kopia-metrics-agent/README.md. After a change, run: systemctl restart kopia-metrics-agent

${settings.join('\n')}`
}
