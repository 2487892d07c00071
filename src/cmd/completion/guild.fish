# Completion of guild for fish.

function __guild_completion
	set -l answer (env COMP_WORDS=(commandline -cp) COMP_CWORD=(commandline -ct) \
		_GUILD_COMPLETE=fish_complete guild 2>/dev/null)
	for line in $answer
		set -l parts (string split -m 1 , -- $line)
		switch $parts[1]
			case file
				__fish_complete_path $parts[2]
			case dir
				__fish_complete_directories $parts[2]
			case plain
				echo $parts[2]
		end
	end
end

complete -c guild -f -a '(__guild_completion)'
