{{/* What the release's own pods have in common: they all fit Pod Security `restricted`. */}}

{{/* An image's reference; takes `root` and `image`. */}}
{{- define "waas.image" -}}
{{- $host := splitList "/" .image.repository | first -}}
{{- /* As everywhere, a first part with a dot or a port, and localhost, is a registry of its own. */ -}}
{{- $namesRegistry := and (contains "/" .image.repository) (or (contains "." $host) (contains ":" $host) (eq $host "localhost")) -}}
{{- if not $namesRegistry -}}
{{- with .root.Values.image.registry }}{{ . | trimSuffix "/" }}/{{ end -}}
{{- end -}}
{{- .image.repository -}}
{{- if .image.digest }}@{{ .image.digest }}{{ else }}:{{ .image.tag | default .root.Chart.AppVersion }}{{ end -}}
{{- end -}}

{{- define "waas.imagePullPolicy" -}}
{{- .image.pullPolicy | default .root.Values.image.pullPolicy -}}
{{- end -}}

{{/* Metadata of a pod; takes `root`, `component`, `values` and `annotations` of the chart's own. */}}
{{- define "waas.podMetadata" -}}
{{- /* Not the chart's version, which would restart every pod at each upgrade of the chart. */ -}}
{{- $labels := include "waas.selectorLabels" . | fromYaml -}}
{{- $annotations := .annotations | default "" | fromYaml -}}
labels:
  {{- merge $labels .values.podLabels .root.Values.commonLabels | toYaml | nindent 2 }}
{{- with merge $annotations .values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* Fields of every pod's spec; takes `root`, `component`, `values` and `withoutPullSecrets` where its ServiceAccount has them. */}}
{{- define "waas.podSpec" -}}
{{- with empty .withoutPullSecrets | ternary .root.Values.imagePullSecrets list }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
# A Service named `waas` would otherwise set WAAS_PORT, which is a setting.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  # Not each of a million objects at each start.
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- if .values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml .values.topologySpreadConstraints | nindent 2 }}
{{- else if hasKey .values "topologySpreadConstraints" }}
# A node that goes takes one of them along.
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "waas.selectorLabels" . | nindent 8 }}
{{- end }}
{{- end -}}

{{- define "waas.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Volumes and mounts of a container: the chart's own, if any, and the user's; takes `own` and `extra`, and `field`. */}}
{{- define "waas.listed" -}}
{{- with concat (.own | default "" | fromYamlArray) .extra }}
{{ $.field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The volume with the webhooks; takes `root` and `key`, the one file that a program needs of it. */}}
{{- define "waas.allowedWebhooksVolume" -}}
- name: allowed-webhooks
  secret:
    secretName: {{ include "waas.names.allowedWebhooksSecret" .root }}
    defaultMode: 0440
    items:
      - key: {{ .key }}
        path: {{ .key }}
{{- end -}}
