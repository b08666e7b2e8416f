{{/* Who is let in. What makes no sense is refused here, in a sentence. */}}

{{/* How callers log in, as a list with commas. */}}
{{- define "waas.loginModes" -}}
{{- $modes := .Values.api.authentication.modes -}}
{{- $keys := .Values.api.authentication.apiKeys -}}
{{- if and (has "none" $modes) (gt (len $modes) 1) -}}
  {{- fail "api.authentication.modes has `none` beside a login, which nobody would need then." -}}
{{- end -}}
{{- if and $keys.keys $keys.existingSecret -}}
  {{- fail "api.authentication.apiKeys has both an existingSecret and a list: which holds? Leave one out." -}}
{{- end -}}
{{- if and (has "api-keys" $modes) (not (or $keys.keys $keys.existingSecret)) -}}
  {{- fail "api.authentication.modes has `api-keys`, but there are none: set api.authentication.apiKeys.keys or existingSecret." -}}
{{- end -}}
{{- if and (not (has "api-keys" $modes)) (or $keys.keys $keys.existingSecret) -}}
  {{- fail "api.authentication.apiKeys has keys that let nobody in: add `api-keys` to api.authentication.modes." -}}
{{- end -}}
{{- if ne (has "forwarded-user" $modes) (not (empty .Values.api.authentication.forwardedUser.trustedProxies)) -}}
  {{- fail "api.authentication.modes has `forwarded-user` exactly where api.authentication.forwardedUser.trustedProxies names who is believed: add what is missing." -}}
{{- end -}}
{{- $namespaces := include "waas.jobNamespaces" . | fromJsonArray -}}
{{- range $keys.keys -}}
  {{- if not (has .namespace $namespaces) -}}
    {{- fail (printf "api.authentication.apiKeys: the key %q is for the namespace %q, which jobNamespaces does not list." .id .namespace) -}}
  {{- end -}}
{{- end -}}
{{- join "," $modes -}}
{{- end -}}
