import { unitText } from '@imgsvc/supervisor/cli/startup/unit'

const COMMENT = `# Generated from packages/supervisor/src/cli/startup/unit.ts by \`npm run gen\`; do not edit.
# What \`imgsvc startup --user imgsvc --config /etc/imgsvc/imgsvc.yaml\` writes on a machine with these paths.
`

const sample = {
  node: '/usr/bin/node',
  program: '/usr/local/bin/imgsvc',
  stateDir: '/var/lib/imgsvc',
  config: '/etc/imgsvc/imgsvc.yaml',
  user: 'imgsvc',
  writes: ['/var/log/imgsvc'],
  lowPort: false,
}

export const systemdDocuments = [
  { path: 'ops/systemd/imgsvc.service', render: () => `${COMMENT}\n${unitText(sample)}` },
]
