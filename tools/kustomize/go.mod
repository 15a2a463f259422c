// Pins the kustomize that builds deploy/kubernetes in `npm run test:kubernetes`; built by tools/fetch.sh.
module kopia-metrics-agent/tools/kustomize

go 1.25.0

tool sigs.k8s.io/kustomize/kustomize/v5

require sigs.k8s.io/kustomize/kustomize/v5 v5.7.1
