{{- /* Names and labels that several objects share. */ -}}
{{- define "redis-vigil.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "redis-vigil.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- /* Room for what is appended to it. */ -}}
{{- default $full .Values.fullnameOverride | trunc 44 | trimSuffix "-" }}
{{- end }}

{{- define "redis-vigil.selectorLabels" -}}
app.kubernetes.io/name: {{ include "redis-vigil.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "redis-vigil.labels" -}}
{{ include "redis-vigil.selectorLabels" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/component: monitoring
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "redis-vigil.serviceAccountName" -}}
{{- ternary (default (include "redis-vigil.fullname" .) .Values.serviceAccount.name) (default "default" .Values.serviceAccount.name) .Values.serviceAccount.create }}
{{- end }}

{{- /* config.yml with what the other values ask of it: what is said in `config` itself goes first. */ -}}
{{- define "redis-vigil.config" -}}
{{- $added := dict }}
{{- if .Values.alertmanager }}
{{- $_ := set $added "alerting" (dict "config_file" "alertmanager.yml") }}
{{- end }}
{{- if .Values.ruleFiles }}
{{- $_ := set $added "rule_files" (list "shipped" "/rules/*.yml") }}
{{- end }}
{{- toYaml (merge (deepCopy .Values.config) $added) }}
{{- end }}
