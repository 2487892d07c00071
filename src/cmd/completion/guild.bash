# Completion of guild for bash.

_guild_completion() {
	local line=${COMP_LINE:0:COMP_POINT} cur=$2 quoted=${COMP_WORDS[COMP_CWORD]} type value IFS=$'\n'
	local -a values=()

	COMPREPLY=()
	while IFS=, read -r type value; do
		case $type,$value in
		file,*) compopt -o default ;;
		dir,*) compopt -o dirnames ;;
		plain,'!!nospace') compopt -o nospace ;;
		plain,'!!'*) ;;
		plain,*) values+=("$value") ;;
		esac
	done < <(env COMP_WORDS="$line" COMP_CWORD= _GUILD_COMPLETE=bash_complete \
		"${1/#\~/$HOME}" 2>/dev/null)

	# bash cuts words at ':' and '=' and replaces only what follows the last one ($2).
	local typed=${line##*[[:space:]]} before=
	if [[ $typed == *"$cur" ]]; then
		before=${typed%"$cur"}
	fi
	for value in "${values[@]}"; do
		value=${value#"$before"}
		# Where it is set up not to cut there, it replaces the whole word.
		if [[ $cur == *=* && $value != "${cur%%=*}="* ]]; then
			value=${cur%%=*}=$value
		fi
		# Inside quotes it keeps what it gets; elsewhere blanks and signs need a backslash.
		[[ $quoted == [\"\']* ]] || printf -v value %q "$value"
		COMPREPLY+=("$value")
	done
}

complete -o nosort -F _guild_completion guild 2>/dev/null || complete -F _guild_completion guild
