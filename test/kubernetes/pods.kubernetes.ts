// The pods of deploy/kubernetes in real containers: what the agent tells of backups beside it, to a real gateway and Prometheus.
// test/support/kubernetes/kubelet.ts says which part of the kubelet it plays.

import { type TestContext, test } from 'node:test'
import { testCronJob } from '../support/kubernetes/cron-job-cases.ts'
import { createPodLab } from '../support/kubernetes/pod-lab.ts'
import { testServer } from '../support/kubernetes/server-cases.ts'
import { createStackLab } from '../support/stack-lab.ts'

test('the pods on podman', async (context: TestContext) => {
  const opened = await createStackLab(context)
  if (opened.lab === undefined) return context.skip(opened.reason)
  const lab = await createPodLab(context, opened.lab)
  await testServer(context, lab)
  await testCronJob(context, lab)
})
