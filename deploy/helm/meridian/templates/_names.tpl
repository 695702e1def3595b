{{/* The name of what belongs to a node. Takes (dict "root" $ "node" "pop-eu"). */}}
{{- define "meridian.name" -}}
{{- printf "%s-%s" .root.Release.Name .node | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "meridian.selector" -}}
app.kubernetes.io/name: meridian
app.kubernetes.io/instance: {{ .root.Release.Name }}
meridian/node: {{ .node }}
{{- end -}}

{{- define "meridian.labels" -}}
{{ include "meridian.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}
