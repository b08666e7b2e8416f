{{/* Names and labels of every resource. */}}

{{- define "waas.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/*
The beginning of every name: 40 characters at most, so that the longest ending still fits into the 63
of a DNS label. A longer one ends in its digest: two long names must not become one.
*/}}
{{- define "waas.fullname" -}}
{{- $name := .Values.fullnameOverride -}}
{{- if not $name -}}
  {{- $chart := default .Chart.Name .Values.nameOverride -}}
  {{- $name = contains $chart .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $chart) -}}
{{- end -}}
{{- if gt (len $name) 40 -}}
  {{- printf "%s-%s" ($name | trunc 31 | trimSuffix "-") ($name | sha256sum | trunc 8) -}}
{{- else -}}
  {{- $name -}}
{{- end -}}
{{- end -}}

{{- define "waas.names.api" -}}{{ include "waas.fullname" . }}-api{{- end -}}
{{- define "waas.names.operator" -}}{{ include "waas.fullname" . }}-operator{{- end -}}
{{- define "waas.names.minio" -}}{{ include "waas.fullname" . }}-minio{{- end -}}
{{- define "waas.names.objectStorageSecret" -}}
{{- .Values.objectStorage.existingSecret | default (printf "%s-object-storage" (include "waas.fullname" .)) -}}
{{- end -}}
{{/* Of somebody who may make buckets, users and rules. */}}
{{- define "waas.names.storeAdministratorSecret" -}}
{{- if .Values.minio.enabled -}}
{{- include "waas.names.minio" . -}}
{{- else -}}
{{- .Values.objectStorage.setup.existingSecret | default (include "waas.names.objectStorageSecret" .) -}}
{{- end -}}
{{- end -}}
{{- define "waas.names.jobServiceAccount" -}}{{ include "waas.fullname" . }}-jobs{{- end -}}
{{- define "waas.names.allowedWebhooksSecret" -}}
{{- .Values.allowedWebhooks.existingSecret | default (printf "%s-allowed-webhooks" (include "waas.fullname" .)) -}}
{{- end -}}
{{- define "waas.names.apiKeysSecret" -}}
{{- .Values.api.authentication.apiKeys.existingSecret | default (printf "%s-api-keys" (include "waas.fullname" .)) -}}
{{- end -}}
{{/* Of the whole cluster: two releases may have one name in two namespaces. */}}
{{- define "waas.names.accessReviews" -}}
{{- printf "%s-access-%s" (include "waas.fullname" .) (.Release.Namespace | sha256sum | trunc 8) -}}
{{- end -}}
{{- define "waas.names.modelCacheClaim" -}}
{{- .Values.modelCache.claimName | default (printf "%s-models" (include "waas.fullname" .)) -}}
{{- end -}}
{{- define "waas.names.minioClaim" -}}
{{- .Values.minio.persistence.existingClaim | default (include "waas.names.minio" .) -}}
{{- end -}}

{{/* What a selector finds a component's pods by; must never change. Takes `root` and `component`. */}}
{{- define "waas.selectorLabels" -}}
app.kubernetes.io/name: {{ include "waas.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Labels of a resource; takes `root` and `component`. */}}
{{- define "waas.labels" -}}
{{- $labels := include "waas.selectorLabels" . | fromYaml -}}
{{- $_ := set $labels "app.kubernetes.io/version" .root.Chart.AppVersion -}}
{{- $_ := set $labels "app.kubernetes.io/part-of" "waas" -}}
{{- $_ := set $labels "app.kubernetes.io/managed-by" .root.Release.Service -}}
{{- $_ := set $labels "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63) -}}
{{- merge $labels .root.Values.commonLabels | toYaml -}}
{{- end -}}

{{/* What the operator's pods of jobs are found by. */}}
{{- define "waas.jobPodLabels" -}}
app.kubernetes.io/component: job
app.kubernetes.io/managed-by: waas-operator
{{- end -}}
